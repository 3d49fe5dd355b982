"""Logs with python-logging-loki: URL APP. The library raises where it is not answered 204."""

import logging
import sys

import logging_loki

url, app = sys.argv[1], sys.argv[2]


class Strict(logging_loki.LokiHandler):
    def handleError(self, record):
        raise


for version, path in (("0", "/api/prom/push"), ("1", "/loki/api/v1/push")):
    handler = Strict(url=url + path, tags={"app": app + version}, auth=("user", "password"), version=version)
    logger = logging.getLogger("try" + version)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(handler)
    logger.info("hello from python %s", "h\u00e9llo")
    logger.error("it failed", extra={"tags": {"part": "a b"}})
print("done")
