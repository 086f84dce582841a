//! Whatever customers have: merged and undone, every record has its former customer and fields; and figures are the same all the while.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use touchbase::access::Role;

use crate::assignments::path;
use crate::merges::{data, figures, id, made};
use crate::merges_undone::{everything, undo};
use crate::support::{Client, Server};

/// What happens to one of the customers.
#[derive(Debug, Clone)]
enum Event {
    Contact { primary: bool },
    Signal,
    Note,
    Answer { score: i64 },
    Item,
    Case,
    Assigned { to: usize },
    Called { connected: bool },
    Managed { by: usize },
    Refers { whom: usize },
    Said { field: usize, value: usize },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        any::<bool>().prop_map(|primary| Event::Contact { primary }),
        Just(Event::Signal),
        Just(Event::Note),
        (0..=10_i64).prop_map(|score| Event::Answer { score }),
        Just(Event::Item),
        Just(Event::Case),
        (0..2_usize).prop_map(|to| Event::Assigned { to }),
        any::<bool>().prop_map(|connected| Event::Called { connected }),
        (0..2_usize).prop_map(|by| Event::Managed { by }),
        (0..4_usize).prop_map(|whom| Event::Refers { whom }),
        (0..8_usize, 0..3_usize).prop_map(|(field, value)| Event::Said { field, value }),
    ]
}

const VALUES: [(&str, [&str; 3]); 8] = [
    ("phone", ["\"+49 30 0074321\"", "\"nonsense\"", "null"]),
    ("tags", ["[\"a\"]", "[\"A\", \"b\"]", "[]"]),
    ("services", ["[\"Tea\"]", "[\"Cheese\", \"tea\"]", "[]"]),
    (
        "custom_fields",
        ["{\"x\": \"1\"}", "{\"x\": \"2\", \"y\": \"3\"}", "{}"],
    ),
    ("city", ["\"Berlin\"", "\"Paris\"", "null"]),
    ("customer_since", ["\"2019-01-01\"", "\"2022-02-02\"", "null"]),
    ("do_not_contact", ["true", "false", "false"]),
    (
        "annual_billing",
        ["{\"amount_minor\": 5, \"currency\": \"EUR\"}", "null", "null"],
    ),
];

struct World {
    manager: Client,
    callers: Vec<Client>,
    customers: Vec<String>,
}

impl World {
    /// Does what can be done; what the rules refuse is refused.
    async fn happens(&self, to: usize, event: &Event) {
        let (manager, id) = (&self.manager, &self.customers[to]);
        let at = format!("/v1/customers/{id}");
        match event {
            Event::Contact { primary } => {
                let contact = json!({"customer_id": id, "name": "Maria", "is_primary": primary, "email": "m@a.test"});
                made(manager, "/v1/contacts", contact).await;
            }
            Event::Signal => {
                let signal = json!({"customer_id": id, "kind": "purchase", "occurred_at": "2024-05-01T10:00:00Z"});
                made(manager, "/v1/signals", signal).await;
            }
            Event::Note => {
                made(
                    manager,
                    "/v1/notes",
                    json!({"customer_id": id, "type": "idea", "body": "Blue"}),
                )
                .await;
            }
            Event::Answer { score } => {
                let answer = json!({"customer_id": id, "score": score, "source": "import"});
                made(manager, "/v1/nps-responses", answer).await;
            }
            Event::Item => {
                made(
                    manager,
                    "/v1/action-items",
                    json!({"customer_id": id, "title": "Send it"}),
                )
                .await;
            }
            Event::Case => {
                made(
                    manager,
                    "/v1/rescue-cases",
                    json!({"customer_id": id, "reason": "Silent"}),
                )
                .await;
            }
            Event::Assigned { to } => {
                let body = json!({"customer_id": id, "assignee_id": self.callers[*to].id()});
                manager.post("/v1/assignments", body).await;
            }
            Event::Called { connected } => {
                let disposition = if *connected { "connected" } else { "no_answer" };
                let list = format!("/v1/assignments?customer_id={id}&status_in=queued,scheduled");
                for open in data(manager, &list).await {
                    let caller = self.callers.iter().find(|caller| open["assignee_id"] == caller.id());
                    let attempt = format!("{}/attempts", path(&open));
                    caller
                        .unwrap()
                        .post(&attempt, json!({"disposition": disposition}))
                        .await
                        .expect(201);
                }
            }
            Event::Managed { by } => {
                let by = json!({"account_manager_id": self.callers[*by].id()});
                manager.patch(&at, by).await.expect(200);
            }
            Event::Refers { whom } => {
                let whom = &self.customers[*whom % self.customers.len()];
                if whom != id {
                    let referred = json!({"referred_by_id": id});
                    manager
                        .patch(&format!("/v1/customers/{whom}"), referred)
                        .await
                        .expect(200);
                }
            }
            Event::Said { field, value } => {
                let (field, values) = VALUES[*field];
                let value: Value = serde_json::from_str(values[*value]).unwrap();
                manager.patch(&at, json!({field: value})).await.expect(200);
            }
        }
    }
}

#[actix_web::test]
async fn merging_and_undoing_leaves_every_record_as_it_was_and_figures_the_same() {
    let server = Server::start().await;
    let manager = server.manager();
    let callers = vec![server.executive(), server.add("second", Role::Executive).await];
    let mut runner = TestRunner::deterministic();
    for round in 0..12 {
        let mut customers = Vec::new();
        for at in 0..4 {
            let body = json!({"name": format!("Customer {round}"), "external_id": format!("{round}-{at}")});
            customers.push(id(&made(&manager, "/v1/customers", body).await));
        }
        let world = World {
            manager: manager.clone(),
            callers: callers.clone(),
            customers: customers.clone(),
        };
        let events = prop::collection::vec((0..4_usize, event()), 5..25);
        let events = events.new_tree(&mut runner).unwrap().current();
        for (to, event) in &events {
            world.happens(*to, event).await;
        }
        let (before, told) = (everything(&manager).await, figures(&manager).await);
        let others: Vec<&str> = customers
            .iter()
            .skip(1)
            .take(1 + round % 3)
            .map(String::as_str)
            .collect();
        let merge = crate::merges::merge(&manager, &customers[0], &others).await;
        let open = format!(
            "/v1/assignments?customer_id={}&status_in=queued,scheduled",
            customers[0]
        );
        let open = data(&manager, &open).await;
        let hands: std::collections::BTreeSet<&str> =
            open.iter().map(|it| it["assignee_id"].as_str().unwrap()).collect();
        assert!(hands.len() <= 1, "{open:?} after {events:?}");
        assert_eq!(figures(&manager).await, told, "{events:?}");
        let undone = undo(&manager, &merge).await;
        assert_eq!(undone["kept"], json!([]), "{events:?}");
        assert_eq!(figures(&manager).await, told, "{events:?}");
        let after = everything(&manager).await;
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before, after, "after {events:?}");
        }
        assert_eq!(before.len(), after.len());
        // The next round's customers are their own.
        crate::merges::merge(&manager, &customers[0], &others).await;
    }
}
