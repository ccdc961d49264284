"""Examples of the document without a test here, each with its reason."""

UNTESTED = {
    "quick start: send=hello, check=23091,23092, balance=rur": "requests without an answer",
    "2.1 callbacks and pushes": "in test_simulator_push.py: the service asks, not us",
    "6.1 the push": "in test_simulator_inbound.py: the service asks, not us",
    "6.1 the PHP script": "the customer's side",
    "9 V, 10, beginning of 11": "missing from the document's text",
    "11 send with test=1, check=1000&test=1": "requests without an answer; in test_simulator.py",
    "11 api2.php?debug=…, ini_set": "not API-1, not HTTP",
    "12 ERROR=115: SENDER (1.8.2)": "an older text of 115, which 1.8.9 names INVALID SENDER",
    "12 SUCCESS=APIKEY INFO": "the head of 9 TEXT; last_sms and allow_ip are of older answers",
}
