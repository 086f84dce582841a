"""How Schemathesis writes the bodies that it does not know, and whom it leaves alone."""

import os
import uuid

import schemathesis

# Whoever made the run's key: the key ends with them, and every answer after that would be a refusal.
maker = os.environ["FUZZ_MAKER"]


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    """Lines of text are sent as they are; what is no text cannot be lines, and is sent as nothing, which is refused."""
    return value.encode() if isinstance(value, str) else b""


@schemathesis.deserializer("text/csv")
def csv(context, response):
    return response.content.decode()


@schemathesis.deserializer("message/rfc822", "application/pdf")
def file(context, response):
    return response.content.decode(errors="replace")


@schemathesis.hook
def before_call(context, case, kwargs):
    """What would change the key's maker is sent to somebody who does not exist."""
    parameters = case.path_parameters or {}
    if case.method != "GET" and str(parameters.get("id", "")).lower() == maker:
        parameters["id"] = str(uuid.uuid4())
