"""An executive's morning, through the client that openapi-python-client generates from the document.

Two calls are on the list. The first reaches voicemail, the second a person; what was promised becomes an action item.
"""

import sys
import uuid
from datetime import datetime, timedelta, timezone

from touchbase_client import AuthenticatedClient, Client
from touchbase_client.api.action_items import list_action_items
from touchbase_client.api.assignments import list_assignments
from touchbase_client.api.attempts import create_attempt
from touchbase_client.api.auth import login
from touchbase_client.api.people import get_me
from touchbase_client.models import (
    ActionItemInput,
    AssignmentStatus,
    Disposition,
    Login,
    NewAttempt,
    NoteInput,
    NoteType,
    NpsResponseInput,
)


def answer(response, status):
    """What came back, which must be what the document says of that status."""
    assert response.status_code == status, f"{response.status_code}: {response.content!r}"
    assert response.parsed is not None
    return response.parsed


def main(server: str) -> None:
    nobody = Client(base_url=server)
    session = answer(
        login.sync_detailed(client=nobody, body=Login(email="executive@demo.test", password="touchbase-demo")), 200
    )
    client = AuthenticatedClient(base_url=server, token=session.access_token)
    me = answer(get_me.sync_detailed(client=client), 200)
    assert me.user.id == session.user.id

    # This generator writes a list as repeated parameters, whatever the document says; so one status, not several.
    mine = answer(
        list_assignments.sync_detailed(client=client, mine=True, status=AssignmentStatus.QUEUED, limit=2), 200
    )
    assert len(mine.data) == 2, "the demo prepares a list for its executive"
    first, second = mine.data

    voicemail = NewAttempt(disposition=Disposition.LEFT_VOICEMAIL, summary="Left word, calling again at three.")
    answer(create_attempt.sync_detailed(first.id, client=client, body=voicemail, idempotency_key=str(uuid.uuid4())), 201)

    title = f"Send the migration guide {uuid.uuid4()}"
    conversation = NewAttempt(
        disposition=Disposition.CONNECTED,
        summary="Happy with support, worried about the move.",
        notes=[
            NoteInput(type_=NoteType.PRAISE, body="Support answered within the hour."),
            NoteInput(type_=NoteType.ISSUE, body="The migration is not documented."),
        ],
        nps_response=NpsResponseInput(score=8, follow_up_answer="They listen."),
        action_items=[ActionItemInput(title=title, due_at=datetime.now(timezone.utc) + timedelta(days=2))],
    )
    key = str(uuid.uuid4())
    made = answer(create_attempt.sync_detailed(second.id, client=client, body=conversation, idempotency_key=key), 201)
    # The answer got lost on the way, so the phone asks again: the same attempt, not a second one.
    again = answer(create_attempt.sync_detailed(second.id, client=client, body=conversation, idempotency_key=key), 201)
    assert again.attempt.id == made.attempt.id

    customer = made.attempt.customer_id
    items = answer(list_action_items.sync_detailed(client=client, customer_id=customer), 200)
    promised = [item for item in items.data if item.title == title]
    assert len(promised) == 1, f"{len(promised)} action items called {title!r}"
    print("the morning is done: one voicemail, one conversation, one promise")


main(sys.argv[1])
