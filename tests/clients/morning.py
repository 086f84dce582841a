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
from touchbase_client.api.auth import get_me, login
from touchbase_client.models import (
    Disposition,
    Login,
    NewActionItem,
    NewAttempt,
    NewNote,
    NewNpsResponse,
    NoteKind,
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

    mine = answer(
        list_assignments.sync_detailed(client=client, assignee_id=me.id, status_in="queued,scheduled", limit=2), 200
    )
    assert len(mine.data) == 2, "the demo prepares a list for its executive"
    first, second = mine.data

    voicemail = NewAttempt(disposition=Disposition.LEFT_VOICEMAIL, summary="Left word, calling again at three.")
    answer(create_attempt.sync_detailed(first.id, client=client, body=voicemail, idempotency_key=str(uuid.uuid4())), 201)

    title = "Send the migration guide"
    conversation = NewAttempt(
        disposition=Disposition.CONNECTED,
        summary="Happy with support, worried about the move.",
        notes=[
            NewNote(kind=NoteKind.PRAISE, body="Support answered within the hour."),
            NewNote(kind=NoteKind.ISSUE, body="The migration is not documented."),
        ],
        nps_response=NewNpsResponse(score=8, follow_up="They listen."),
        action_items=[NewActionItem(title=title, due_at=datetime.now(timezone.utc) + timedelta(days=2))],
    )
    key = str(uuid.uuid4())
    made = answer(create_attempt.sync_detailed(second.id, client=client, body=conversation, idempotency_key=key), 201)
    # The answer got lost on the way, so the phone asks again: the same attempt, not a second one.
    again = answer(create_attempt.sync_detailed(second.id, client=client, body=conversation, idempotency_key=key), 201)
    assert again.id == made.id

    promised = [item for item in answer(list_action_items.sync_detailed(client=client), 200).data if item.title == title]
    assert len(promised) == 1, f"{len(promised)} action items called {title!r}"
    print("the morning is done: one voicemail, one conversation, one promise")


main(sys.argv[1])
