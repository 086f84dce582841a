//! Planning, and what works in the background.

use serde_json::json;

use crate::desk::{Desk, joined};
use crate::support::running::signed_in;

#[actix_web::test]
async fn a_program_is_planned_and_the_plan_committed() {
    let desk = Desk::with_customers(6).await;
    let admin = signed_in(&desk.running.url).await;
    let nancy = admin.get("/v1/users?email=nancy@northwind.test").await.expect(200);
    let nancy = nancy["data"][0]["id"].as_str().unwrap().to_owned();
    let quota = json!({"user_id": nancy, "calls_to_prepare": 2, "conversations_to_reach": 1, "period": "day"});
    let program = json!({"name": "Two a day", "participants": [quota]});
    admin.post("/v1/programs", program).await.expect(201);

    // Next week, whatever day it is.
    let monday = chrono::Days::new(7 + 7);
    let today = touchbase::clock::Clock::default().now().date_naive();
    let from = today.checked_add_days(monday).unwrap();
    let to = from.checked_add_days(chrono::Days::new(6)).unwrap();
    let days = ["--from", &from.to_string(), "--to", &to.to_string()];
    let plan = joined(&["plan", "two a day", "--segment", "never_contacted"], &days);

    let proposed = desk
        .run(&joined(&plan, &["--json", "--executive", "nancy@northwind.test"]))
        .good()
        .json();
    assert_eq!(
        (&proposed["status"], &proposed["planned"]),
        (&"proposed".into(), &6.into())
    );
    assert_eq!(desk.count("assignments"), 0);
    let calls = format!("plans/{}/calls", proposed["id"].as_str().unwrap());
    assert_eq!(desk.count(&calls), 6);
    let committed = desk.run(&joined(&plan, &["--commit", "--strict"])).good();
    committed
        .says("6 calls from")
        .says("is committed")
        .says("6 assignments were made")
        .says("Nancy");
    assert_eq!(desk.count("assignments"), 6);
    desk.run(&plan).good().says("Left out: 6 in hand.");

    desk.run(&joined(&plan, &["--strict"])).code(2);
    desk.run(&[
        "plan",
        "Nothing a day",
        "--from",
        &from.to_string(),
        "--to",
        &to.to_string(),
    ])
    .code(1)
    .says("`Two a day`");
    desk.run(&joined(&plan, &["--executive", "nobody@northwind.test"]))
        .code(1)
        .says("nobody@northwind.test");
    let unknown = [
        &["plan", "two a day", "--segment", "No such segment", "--json"],
        days.as_slice(),
    ]
    .concat();
    assert_eq!(desk.run(&unknown).code(1).problem()["code"], "not_found");
}

#[actix_web::test]
async fn background_work_is_listed_and_waited_for() {
    let desk = Desk::signed_in().await;
    let jobs = desk.run(&["jobs", "--json"]).good().json();
    assert!(jobs["data"].is_array());
    desk.run(&["jobs", "--status", "failed,canceled"]).good().says("kind");
    desk.run(&["jobs", "--status", "tired"]).code(1);
    desk.run(&["job", "01980c5e-77e4-7d07-9b2c-0d1e2f3a4b5c", "--wait"])
        .code(1);
    desk.run(&["job", "nonsense"]).code(2);

    let rows: String = (1..=50_000).map(|at| format!("C-{at},Customer {at}\n")).collect();
    let file = desk.file("many.csv", format!("external_id,name\n{rows}"));
    let import = desk
        .run(&["import", "customers", &file, "--no-wait", "--json"])
        .good()
        .json();
    let id = import["id"].as_str().unwrap();
    desk.run(&["job", id, "--cancel"]).good().says("is canceled.");
    desk.run(&["job", id, "--wait"]).code(1).says("is canceled.");
}
