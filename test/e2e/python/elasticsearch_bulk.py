"""Sends documents with elasticsearch-py's bulk helper: URL APP [gzip]. Prints what the helper says, as JSON."""

import datetime
import json
import sys

import elasticsearch
from elasticsearch import helpers

url, app = sys.argv[1], sys.argv[2]
compress = len(sys.argv) > 3 and sys.argv[3] == "gzip"
client = elasticsearch.Elasticsearch([url], http_compress=compress)
now = datetime.datetime.now(datetime.timezone.utc)
texts = ["hello es", "h\u00e9llo \U0001f680\nline two", ""]
actions = [
    {"_op_type": "create", "_index": "logs", "_source": {"@timestamp": (now + datetime.timedelta(milliseconds=i)).isoformat(), "message": text, "app": app, "n": i, "o": {"a": {"b": [1, 2]}}}}
    for i, text in enumerate(texts)
]
actions.append({"_op_type": "index", "_index": "logs", "_source": {"@timestamp": "2001-01-01T00:00:00Z", "message": "old", "app": app}})
good, errors = helpers.bulk(client, actions, raise_on_error=False)
print(json.dumps({"version": client.info()["version"]["number"], "ping": client.ping(), "good": good, "errors": [next(iter(e.values()))["status"] for e in errors]}))
