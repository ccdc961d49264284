"""Examples of the document without a test here, each with its reason."""

UNTOLD = {
    "quick start: send=hello, check=23091,23092, balance=rur": "requests without an answer",
    "2.1 callbacks and pushes, 6.1 the push": "in test_simulator_push.py: the service asks, not us",
    "6.1 the PHP script": "the customer's side",
    "9 V, 10, beginning of 11": "missing from the document's text",
    "11 send with test=1, check=1000&test=1": "requests without an answer; in test_simulator.py",
    "11 api2.php?debug=…, ini_set": "not API-1, not HTTP",
    "12 history": "tells of older versions; the errors it names are in errors.py",
}
