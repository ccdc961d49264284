"""A port that accepts connections and never responds."""

import asyncio


class Silence:
    """A server whose clients wait in vain; requests are not even read."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def begin(self, host: str, port: int) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._take, host, port)

    def end(self) -> None:
        """Close the port, and break every connection."""
        if self._server:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.transport.abort()

    def _take(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        if not self._server:
            # It was being accepted when the silence ended.
            writer.transport.abort()
