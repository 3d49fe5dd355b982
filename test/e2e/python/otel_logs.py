"""Sends log records with OpenTelemetry's Python exporters: otel-python.py http|grpc ENDPOINT SERVICE TENANT."""
import logging
import sys

from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

kind, endpoint, service, tenant = sys.argv[1:]
headers = {"x-scope-orgid": tenant}
if kind == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter

    exporter = OTLPLogExporter(endpoint=endpoint, insecure=True, headers=tuple(headers.items()))
else:
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter

    exporter = OTLPLogExporter(endpoint=endpoint, headers=headers, compression=Compression.Gzip)

provider = LoggerProvider(resource=Resource.create({"service.name": service, "k8s.pod.name": "pod-1"}))
provider.add_log_record_processor(BatchLogRecordProcessor(exporter, max_export_batch_size=64))
log = logging.getLogger("app")
log.propagate = False
log.setLevel(logging.DEBUG)
log.addHandler(LoggingHandler(level=logging.DEBUG, logger_provider=provider))
for i in range(200):
    log.warning("message %d ünï", i, extra={"user.id": f"u{i}"})
try:
    raise ValueError("broken")
except ValueError:
    log.exception("it failed")
provider.force_flush()
provider.shutdown()
