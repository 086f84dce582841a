//! Absences: who is away when.

use serde_json::json;
use touchbase::access::{Role, Scope};
use touchbase::features::absences::store;
use touchbase::features::absences::working_day::DayOff;
use touchbase::id::UserId;

use crate::support::Server;

fn vacation(from: &str, until: &str) -> serde_json::Value {
    json!({"starts_on": from, "ends_on": until, "kind": "vacation"})
}

#[actix_web::test]
async fn people_enter_their_own_absences_and_managers_anybodys() {
    let server = Server::start().await;
    let (executive, manager) = (server.executive(), server.manager());
    let reply = executive
        .post("/v1/absences", vacation("2026-12-01", "2026-12-04"))
        .await;
    let location = reply.header("location");
    let made = reply.expect(201);
    assert_eq!(made["user_id"], json!(executive.id()));
    // The same days again: they add up, and nothing is said against it.
    let mut others = vacation("2026-12-03", "2026-12-10");
    others["user_id"] = json!(executive.id());
    others["kind"] = json!("sick");
    let sick = manager.post("/v1/absences", others.clone()).await.expect(201);
    let colleague = server.add("colleague", Role::Executive).await;
    assert_eq!(colleague.post("/v1/absences", others).await.problem(403), "not_yours");
    let list = executive.get("/v1/absences").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    // What a colleague is away for is not theirs to know.
    let path = format!("/v1/absences/{}", sick["id"].as_str().unwrap());
    assert_eq!(colleague.get(&path).await.problem(404), "not_found");
    assert_eq!(colleague.get("/v1/absences").await.expect(200)["data"], json!([]));
    assert_eq!(
        server.viewer().get("/v1/absences").await.problem(403),
        "insufficient_permission"
    );
    let on = |day: &str| format!("/v1/absences?user_id={}&on={day}&kind_in=sick,vacation", executive.id());
    for (day, count) in [
        ("2026-11-30", 0),
        ("2026-12-02", 1),
        ("2026-12-03", 2),
        ("2026-12-10", 1),
        ("2026-12-11", 0),
    ] {
        let page = manager.get(&on(day)).await.expect(200);
        assert_eq!(page["data"].as_array().unwrap().len(), count, "{day}");
    }
    let longer = executive
        .patch(&location, json!({"ends_on": "2026-12-05", "note": "Skiing"}))
        .await;
    assert_eq!(longer.expect(200)["note"], "Skiing");
    assert_eq!(
        colleague.patch(&location, json!({"note": "x"})).await.problem(404),
        "not_found"
    );
    executive.delete(&location).await.expect(204);
    assert_eq!(executive.get(&location).await.problem(404), "not_found");
    let key = json!({"name": "calendar", "role": "manager"});
    let key = server.admin().post("/v1/api-keys", key).await.expect(201);
    let mut script = server.nobody();
    script.token = key["secret"].as_str().map(str::to_owned);
    let refused = script.post("/v1/absences", vacation("2026-12-01", "2026-12-01")).await;
    assert_eq!(refused.problem(400), "invalid_request");
}

#[actix_web::test]
async fn days_that_make_no_absence_are_refused_where_they_stand() {
    let server = Server::start().await;
    let executive = server.executive();
    for (body, pointer) in [
        (vacation("2026-12-05", "2026-12-04"), "/ends_on"),
        (vacation("2026-12-05", "2029-12-04"), "/ends_on"),
        (
            json!({"starts_on": "2026-12-05", "ends_on": "2026-12-05", "kind": "fishing"}),
            "/kind",
        ),
        (json!({"starts_on": "2026-12-05", "kind": "sick"}), "/ends_on"),
    ] {
        let reply = executive.post("/v1/absences", body).await;
        assert_eq!(reply.body["errors"][0]["pointer"], pointer, "{}", reply.text);
        assert_eq!(reply.problem(400), "invalid_request");
    }
    let nobody = json!({"starts_on": "2026-12-05", "ends_on": "2026-12-05", "kind": "sick", "user_id": "01900000-0000-7000-8000-000000000000"});
    let reply = server.manager().post("/v1/absences", nobody).await;
    assert_eq!(reply.body["errors"][0]["pointer"], "/user_id");
}

#[actix_web::test]
async fn working_days_know_of_weekends_holidays_and_absences() {
    let server = Server::start().await;
    let (executive, manager) = (server.executive(), server.manager());
    server
        .admin()
        .patch("/v1/organization", json!({"holiday_region": "DE"}))
        .await
        .expect(200);
    executive
        .patch("/v1/me", json!({"holiday_region": "DE-BY"}))
        .await
        .expect(200);
    executive
        .post("/v1/absences", vacation("2027-01-07", "2027-01-08"))
        .await
        .expect(201);
    let id = |client: &crate::support::Client| client.id().parse().map(UserId).unwrap();
    let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
    let (bavarian, german) = (id(&executive), id(&manager));
    let scope = Scope::all(server.organization);
    let (mut read, people) = (server.app.read(), [bavarian, german]);
    let (from, until) = (day("2027-01-01"), day("2027-02-01"));
    let days = store::working_days(&mut read, &scope, &people, from, until)
        .await
        .unwrap();
    assert!(matches!(
        days.off(german, day("2027-01-01")),
        Some(DayOff::Holiday { .. })
    ));
    assert!(days.works(german, day("2027-01-06")));
    assert!(matches!(
        days.off(bavarian, day("2027-01-06")),
        Some(DayOff::Holiday { .. })
    ));
    assert!(matches!(
        days.off(bavarian, day("2027-01-07")),
        Some(DayOff::Absence { .. })
    ));
    assert_eq!(days.next_after(bavarian, day("2027-01-05")), Some(day("2027-01-11")));
    assert_eq!(days.next_after(german, day("2027-01-01")), Some(day("2027-01-04")));
    server
        .admin()
        .patch(
            "/v1/organization",
            json!({"working_weekdays": ["sun", "mon", "tue", "wed", "thu"]}),
        )
        .await
        .expect(200);
    let days = store::working_days(&mut read, &scope, &people, from, until)
        .await
        .unwrap();
    assert_eq!(days.next_after(german, day("2027-01-07")), Some(day("2027-01-10")));
}
