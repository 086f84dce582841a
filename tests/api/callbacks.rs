//! Promised call-backs: kept or missed.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::Server;

async fn assign(server: &Server, name: &str) -> String {
    let manager = server.manager();
    let customer = manager.post("/v1/customers", json!({"name": name})).await.expect(201);
    let body = json!({"customer_id": customer["id"], "assignee_id": server.executive().id()});
    let assignment = manager.post("/v1/assignments", body).await.expect(201);
    assignment["id"].as_str().unwrap().to_owned()
}

async fn call(server: &Server, assignment: &str, attempt: Value) {
    let path = format!("/v1/assignments/{assignment}/attempts");
    server.executive().post(&path, attempt).await.expect(201);
}

async fn report(server: &Server, query: &str) -> Value {
    let to = server.app.clock.now().plus(TimeDelta::days(9)).date_naive();
    let path = format!("/v1/reports/callbacks?to={to}{query}");
    server.viewer().get(&path).await.expect(200)
}

fn figures(of: &Value) -> [i64; 5] {
    ["promised", "kept", "missed", "pending", "withdrawn"].map(|name| of[name].as_i64().unwrap())
}

#[actix_web::test]
async fn promised_calls_are_kept_missed_or_still_to_come() {
    let server = Server::start().await;
    let nothing = report(&server, "").await;
    assert_eq!(
        (figures(&nothing["overall"]), &nothing["overall"]["kept_rate"]),
        ([0; 5], &Value::Null)
    );
    assert_eq!(nothing["by_executive"], json!([]));

    let start = server.app.clock.now();
    let promised = start.plus(TimeDelta::hours(5));
    let mut assignments = Vec::new();
    for name in [
        "Punctual",
        "Late",
        "Forgotten",
        "Moved",
        "Spoken with before",
        "Withdrawn",
    ] {
        let assignment = assign(&server, name).await;
        call(
            &server,
            &assignment,
            json!({"disposition": "left_voicemail", "callback_promised_at": promised}),
        )
        .await;
        assignments.push(assignment);
    }
    assert_eq!(figures(&report(&server, "").await["overall"]), [6, 0, 0, 6, 0]);

    server.app.clock.advance(TimeDelta::hours(2));
    let next = start.plus(TimeDelta::days(3));
    call(
        &server,
        &assignments[3],
        json!({"disposition": "callback_requested", "callback_promised_at": next}),
    )
    .await;
    call(&server, &assignments[4], json!({"disposition": "connected"})).await;
    let cancel = format!("/v1/assignments/{}/cancel", assignments[5]);
    server.manager().post(&cancel, json!({})).await.expect(200);
    server.app.clock.advance(TimeDelta::hours(3) + TimeDelta::minutes(40));
    call(&server, &assignments[0], json!({"disposition": "no_answer"})).await;
    server.app.clock.advance(TimeDelta::hours(1));
    call(&server, &assignments[1], json!({"disposition": "connected"})).await;

    let told = report(&server, "").await;
    // The first one kept, the one spoken with before; late and forgotten; the moved one anew.
    assert_eq!(figures(&told["overall"]), [5, 2, 2, 1, 2], "{told}");
    assert_eq!(
        (&told["overall"]["kept_rate"], &told["tolerance_minutes"]),
        (&json!(0.5), &json!(60))
    );
    assert_eq!(told["by_executive"][0]["name"], "The executive");
    assert_eq!(figures(&told["by_executive"][0]), [5, 2, 2, 1, 2]);
    assert_eq!(told["by_program"][0]["name"], "One a day");
    // Stricter, and more lenient.
    assert_eq!(
        figures(&report(&server, "&tolerance_minutes=30").await["overall"])[1..3],
        [1, 3]
    );
    assert_eq!(
        figures(&report(&server, "&tolerance_minutes=120").await["overall"])[1..3],
        [3, 0]
    );
    server
        .viewer()
        .get("/v1/reports/callbacks?tolerance_minutes=-1")
        .await
        .expect(400);
    let before = start.plus(TimeDelta::days(-2)).date_naive();
    let past = server
        .viewer()
        .get(&format!("/v1/reports/callbacks?to={before}"))
        .await
        .expect(200);
    assert_eq!(figures(&past["overall"]), [0; 5]);

    let to = start.plus(TimeDelta::days(9)).date_naive();
    let table = server
        .viewer()
        .request("GET", &format!("/v1/reports/callbacks?to={to}"))
        .header("accept", "text/csv");
    let table = server.viewer().send(table).await;
    let lines: Vec<&str> = table.text.lines().collect();
    assert_eq!(
        lines[0],
        "group,id,name,promised,kept,missed,pending,withdrawn,kept_rate,from,to"
    );
    assert!(lines[1].starts_with("overall,,,5,2,2,1,2,0.5,"), "{}", lines[1]);
    assert!(
        lines.iter().skip(1).all(|line| line.ends_with(&format!(",{to}"))),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 4, "{}", table.text);
    assert_eq!(
        server.contributor().get("/v1/reports/callbacks").await.problem(403),
        "insufficient_permission"
    );
}
