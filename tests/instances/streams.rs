//! Dashboards, which listen at one instance to what the other one writes.

use serde_json::{Value, json};

use crate::Pair;
use crate::support::Client;

async fn customer(client: &Client, name: &str) -> Value {
    client.post("/v1/customers", json!({"name": name})).await.expect(201)
}

#[actix_web::test]
async fn a_stream_at_one_instance_tells_what_the_other_writes_and_goes_on_there() {
    let Some(pair) = Pair::start().await else { return };
    let admin = pair.admin().await;
    let [here, there] = pair.each(&admin);
    let path = "/v1/events?type_in=customer.created";
    let mut streams = [here.listen(path, &[]).await, there.listen(path, &[]).await];
    let mut written = Vec::new();
    for round in 0..10 {
        let writer = [&here, &there][round % 2];
        written.push(
            customer(writer, &format!("Customer {round}")).await["revision"]
                .as_i64()
                .unwrap(),
        );
    }
    for stream in &mut streams {
        for revision in &written {
            assert_eq!(stream.event().await.unwrap().id, Some(*revision));
        }
    }
    // The connection breaks, and the next one comes out at the other instance.
    drop(streams);
    let (last, missed) = (written[9].to_string(), customer(&here, "Missed").await);
    let mut again = there.listen(path, &[("last-event-id", &last)]).await;
    assert_eq!(again.event().await.unwrap().id, missed["revision"].as_i64());
    let soon = customer(&here, "Soon").await;
    assert_eq!(again.event().await.unwrap().id, soon["revision"].as_i64());
}
