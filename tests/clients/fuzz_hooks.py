"""How Schemathesis writes the bodies that it does not know: lines of text are sent as they are."""

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    return {"data": value.encode() if isinstance(value, str) else b"null"}


@schemathesis.deserializer("text/csv")
def csv(context, response):
    return response.content.decode()
