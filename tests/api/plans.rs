//! Plans: who calls whom and when, proposed, committed, taken back.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::{Value, json};
use touchbase::access::Role;

use crate::assignments::customer;
use crate::attempts::on_monday;
use crate::support::Client;

/// A program in which these take part, with a block in the morning.
async fn program(manager: &Client, users: &[&Client], calls: i64, period: &str) -> String {
    let parts: Vec<Value> = users
        .iter()
        .map(|user| {
            json!({
                "user_id": user.id(), "calls_to_prepare": calls, "conversations_to_reach": 1, "period": period,
                "daily_block": {"starts": "09:00", "ends": "12:00"}
            })
        })
        .collect();
    let made = manager.post("/v1/programs", json!({"name": "Planned", "participants": parts}));
    made.await.expect(201)["id"].as_str().unwrap().to_owned()
}

async fn customers(manager: &Client, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for at in 0..count {
        ids.push(customer(manager, &format!("Customer {at}")).await);
    }
    ids
}

pub fn days(monday: DateTime<Utc>, count: u64) -> (NaiveDate, NaiveDate) {
    let from = monday.date_naive();
    (from, from.checked_add_days(Days::new(count - 1)).unwrap())
}

pub async fn planned(manager: &Client, program: &str, body: Value) -> Value {
    manager
        .post(&format!("/v1/programs/{program}/plans"), body)
        .await
        .expect(201)
}

/// A list of a plan, all pages.
pub async fn all(client: &Client, plan: &Value, list: &str) -> Vec<Value> {
    let path = format!("/v1/plans/{}/{list}?limit=200", plan["id"].as_str().unwrap());
    let mut rows = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("{path}{cursor}")).await.expect(200);
        rows.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
}

pub fn plan_path(plan: &Value) -> String {
    format!("/v1/plans/{}", plan["id"].as_str().unwrap())
}

/// A call as it does not hang on ids that are new each time.
pub fn content(call: &Value) -> String {
    format!(
        "{} {} {} {}",
        call["executive_id"], call["customer_id"], call["starts_at"], call["reason"]
    )
}

#[actix_web::test]
async fn a_plan_is_proposed_committed_and_taken_back() {
    let (server, monday) = on_monday().await;
    let (manager, executive) = (server.manager(), server.executive());
    let program = program(&manager, &[&executive], 5, "week").await;
    let ids = customers(&manager, 7).await;
    let (from, to) = days(monday, 5);
    let body = json!({"customer_ids": ids, "from": from, "to": to});
    let plan = planned(&manager, &program, body.clone()).await;
    assert_eq!(plan["status"], "proposed");
    assert_eq!(
        (&plan["considered"], &plan["planned"], &plan["left_out"]),
        (&json!(7), &json!(5), &json!(2))
    );
    assert!(plan["objective"].as_f64().unwrap() >= plan["greedy"].as_f64().unwrap());
    assert_eq!(plan["objective"], plan["upper_bound"]);
    assert_eq!(plan["executives"][0]["calls"], 5);
    let calls = all(&executive, &plan, "calls").await;
    // One on each day, in the block, at two clocks that show the same.
    for (at, call) in calls.iter().enumerate() {
        assert_eq!(call["day"], json!(from.checked_add_days(Days::new(at as u64)).unwrap()));
        assert_eq!(call["executive_time"], call["customer_time"]);
        assert_eq!(call["customer_zone"], "Europe/Berlin");
        assert!(call["executive_time"].as_str().unwrap()[11..] >= *"09:00" || at == 0);
        assert_eq!(
            (&call["status"], &call["assignment_id"]),
            (&json!("proposed"), &Value::Null)
        );
    }
    let left = all(&executive, &plan, "left-out").await;
    assert!(
        left.iter()
            .all(|left| left["code"] == "no_room" && left["detail"].is_string())
    );
    assert_eq!(manager.get("/v1/assignments").await.expect(200)["data"], json!([]));
    // The same question has the same answer.
    let again = planned(&manager, &program, body).await;
    let others = all(&manager, &again, "calls").await;
    assert_eq!(
        calls.iter().map(content).collect::<Vec<_>>(),
        others.iter().map(content).collect::<Vec<_>>()
    );
    let path = plan_path(&plan);
    assert_eq!(
        manager.post(&format!("{path}/revert"), json!({})).await.problem(409),
        "wrong_state"
    );
    let committed = manager
        .post(&format!("{path}/commit"), json!({"strict": true}))
        .await
        .expect(200);
    assert_eq!(
        (&committed["status"], &committed["committed"], &committed["skipped"]),
        (&json!("committed"), &json!(5), &json!(0))
    );
    let mine = executive
        .get("/v1/assignments?mine=true&sort=scheduled_for")
        .await
        .expect(200);
    for (assignment, call) in mine["data"].as_array().unwrap().iter().zip(&calls) {
        assert_eq!(
            (&assignment["scheduled_for"], &assignment["customer_id"]),
            (&call["starts_at"], &call["customer_id"])
        );
        assert_eq!(
            (&assignment["due_on"], &assignment["status"]),
            (&call["day"], &json!("scheduled"))
        );
        assert_eq!(assignment["batch_id"], committed["batch_id"]);
    }
    assert_eq!(
        manager.post(&format!("{path}/commit"), json!({})).await.problem(409),
        "wrong_state"
    );
    let first = mine["data"][0].clone();
    let done = json!({"disposition": "no_answer"});
    crate::attempts::attempt(&executive, &first, done).await.expect(201);
    let reverted = manager.post(&format!("{path}/revert"), json!({})).await.expect(200);
    assert_eq!(
        (&reverted["plan"]["reverted"], &reverted["plan"]["kept"]),
        (&json!(4), &json!(1))
    );
    assert_eq!(
        reverted["kept"],
        json!([{"assignment_id": first["id"], "reason": "attempted"}])
    );
    let statuses: Vec<Value> = all(&manager, &plan, "calls")
        .await
        .iter()
        .map(|call| call["status"].clone())
        .collect();
    assert_eq!(statuses.iter().filter(|status| *status == "reverted").count(), 4);
    assert_eq!(statuses[0], "committed");
    let once_more = manager.post(&format!("{path}/revert"), json!({})).await.expect(200);
    assert_eq!(once_more["plan"]["reverted"], 4);
}

#[actix_web::test]
async fn what_changed_meanwhile_is_left_out_and_says_so() {
    let (server, monday) = on_monday().await;
    let (manager, executive) = (server.manager(), server.executive());
    let colleague = server.add("colleague", Role::Executive).await;
    let program = program(&manager, &[&executive], 1, "day").await;
    let ids = customers(&manager, 5).await;
    let (from, to) = days(monday, 7);
    let from = from.succ_opt().unwrap();
    let plan = planned(&manager, &program, json!({"customer_ids": ids, "from": from, "to": to})).await;
    let calls = all(&manager, &plan, "calls").await;
    assert_eq!(calls.len(), 4, "Tuesday to Friday");
    let customer = |at: usize| calls[at]["customer_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/customers/{}", customer(0));
    manager.patch(&path, json!({"do_not_contact": true})).await.expect(200);
    let taken = json!({"customer_id": customer(1), "assignee_id": colleague.id()});
    manager.post("/v1/assignments", taken).await.expect(201);
    let day = &calls[2]["day"];
    let away = json!({"starts_on": day, "ends_on": day, "kind": "sick"});
    executive.post("/v1/absences", away).await.expect(201);
    let path = plan_path(&plan);
    let refused = manager.post(&format!("{path}/commit"), json!({"strict": true})).await;
    let errors = refused.body["errors"].as_array().unwrap();
    let codes: Vec<&str> = errors.iter().map(|error| error["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["do_not_contact", "already_assigned", "absence"]);
    assert_eq!(errors[2]["pointer"], "/calls/2");
    assert_eq!(refused.problem(409), "plan_outdated");
    let committed = manager.post(&format!("{path}/commit"), json!({})).await.expect(200);
    assert_eq!((&committed["committed"], &committed["skipped"]), (&json!(1), &json!(3)));
    let calls = all(&manager, &plan, "calls").await;
    assert_eq!(calls[2]["skip_code"], "absence");
    assert!(calls[2]["skip_detail"].as_str().unwrap().contains("absence until"));
    assert_eq!(
        (&calls[3]["status"], &calls[3]["skip_code"]),
        (&json!("committed"), &Value::Null)
    );
}

#[actix_web::test]
async fn hard_rules_leave_customers_out_each_with_its_reason() {
    let (server, monday) = on_monday().await;
    let (manager, executive) = (server.manager(), server.executive());
    let colleague = server.add("colleague", Role::Executive).await;
    let program = program(&manager, &[&executive], 10, "week").await;
    let make = async |body: Value| {
        manager.post("/v1/customers", body).await.expect(201)["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let own = make(json!({"name": "Own", "account_manager_id": executive.id()})).await;
    let silent = make(json!({"name": "Do not", "do_not_contact": true})).await;
    let tokyo = make(json!({"name": "Tokyo", "time_zone": "Asia/Tokyo", "calling_window": {"weekdays": ["mon", "tue", "wed", "thu", "fri"], "opens": "09:00", "closes": "12:00"}})).await;
    let spoken = make(json!({"name": "Spoken with"})).await;
    let held = make(json!({"name": "Held"})).await;
    let plain = make(json!({"name": "Plain"})).await;
    let assignment = crate::assignments::assigned(&manager, &spoken, &colleague).await;
    let done = json!({"disposition": "connected", "spoke_with": "Maria"});
    crate::attempts::attempt(&colleague, &assignment, done)
        .await
        .expect(201);
    crate::assignments::assigned(&manager, &held, &colleague).await;
    let (from, to) = days(monday, 5);
    let ids = [&own, &silent, &tokyo, &spoken, &held, &plain];
    let body = json!({"customer_ids": ids, "from": from, "to": to});
    let plan = planned(&manager, &program, body.clone()).await;
    let calls = all(&manager, &plan, "calls").await;
    assert_eq!(
        calls.iter().map(|call| &call["customer_id"]).collect::<Vec<_>>(),
        [&json!(plain)]
    );
    let left = all(&manager, &plan, "left-out").await;
    for (customer, code) in [
        (&own, "nobody_else"),
        (&silent, "do_not_contact"),
        (&tokyo, "no_shared_hours"),
        (&spoken, "too_soon"),
        (&held, "in_hand"),
    ] {
        let row = left.iter().find(|row| row["customer_id"] == json!(customer)).unwrap();
        assert_eq!(row["code"], code, "{row}");
    }
    let only = format!("{}/left-out?code_in=too_soon,in_hand", plan_path(&plan));
    assert_eq!(
        manager.get(&only).await.expect(200)["data"].as_array().unwrap().len(),
        2
    );
    // Soft, they are broken where that is worth it: one call is, three points more than nothing.
    let mut soft = body;
    soft["options"] = json!({
        "rules": {"account_manager": "soft", "calling_window": "soft", "shortest_gap": "off"},
        "weights": {"broken_rule": 50}
    });
    let plan = planned(&manager, &program, soft).await;
    let calls = all(&manager, &plan, "calls").await;
    let there = |id: &String| calls.iter().find(|call| call["customer_id"] == json!(id));
    assert_eq!(calls.len(), 4);
    assert_eq!(there(&tokyo).unwrap()["outside_window"], true);
    assert_eq!(there(&plain).unwrap()["outside_window"], false);
    let committed = manager
        .post(&format!("{}/commit", plan_path(&plan)), json!({}))
        .await
        .expect(200);
    assert_eq!(committed["skipped"], 0);
}

#[actix_web::test]
async fn a_plan_is_for_those_who_assign_and_its_faults_say_where_they_are() {
    let (server, monday) = on_monday().await;
    let (manager, executive) = (server.manager(), server.executive());
    let program = program(&manager, &[&executive], 5, "week").await;
    let path = format!("/v1/programs/{program}/plans");
    let (from, to) = days(monday, 5);
    let id = customer(&manager, "One").await;
    let body = json!({"customer_ids": [id], "from": from, "to": to});
    assert_eq!(
        executive.post(&path, body.clone()).await.problem(403),
        "insufficient_permission"
    );
    let missing = "01900000-0000-7000-8000-000000000000";
    for (change, pointer) in [
        (json!({"to": "2020-01-01"}), "/to"),
        (json!({"to": "2030-01-01"}), "/to"),
        (json!({"customer_ids": [id, missing]}), "/customer_ids/1"),
        (json!({"executives": [manager.id()]}), "/executives/0"),
        (json!({"executives": [executive.id(), executive.id()]}), "/executives/1"),
        (json!({"segments": [missing]}), "/segments/0"),
        (json!({"customer_ids": []}), "/segments"),
        (json!({"options": {"call_minutes": 1}}), "/options/call_minutes"),
        (
            json!({"options": {"rules": {"quota": "often"}}}),
            "/options/rules/quota",
        ),
    ] {
        let mut body = body.clone();
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        let reply = manager.post(&path, body).await;
        assert_eq!(reply.body["errors"][0]["pointer"], pointer, "{}", reply.text);
        assert_eq!(reply.problem(400), "invalid_request");
    }
    let nobody = manager.post("/v1/programs", json!({"name": "Empty"})).await.expect(201);
    let path = format!("/v1/programs/{}/plans", nobody["id"].as_str().unwrap());
    assert_eq!(manager.post(&path, body).await.problem(409), "wrong_state");
}

#[actix_web::test]
async fn hard_rules_are_looked_at_again_when_a_plan_is_committed() {
    let (server, monday) = on_monday().await;
    let (manager, executive) = (server.manager(), server.executive());
    let program = program(&manager, &[&executive], 4, "week").await;
    let ids = customers(&manager, 8).await;
    let (from, to) = days(monday, 5);
    let one = planned(
        &manager,
        &program,
        json!({"customer_ids": ids[..4], "from": from, "to": to}),
    )
    .await;
    let other = planned(
        &manager,
        &program,
        json!({"customer_ids": ids[4..], "from": from, "to": to, "options": {"call_minutes": 25}}),
    )
    .await;
    assert_eq!((&one["planned"], &other["planned"]), (&json!(4), &json!(4)));
    let calls = all(&manager, &one, "calls").await;
    // By now the executive looks after the first of them, and a colleague has spoken with the second.
    let customer = |at: usize| calls[at]["customer_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/customers/{}", customer(0));
    manager
        .patch(&path, json!({"account_manager_id": executive.id()}))
        .await
        .expect(200);
    let colleague = server.add("colleague", Role::Executive).await;
    let assignment = crate::assignments::assigned(&manager, &customer(1), &colleague).await;
    let spoken = json!({"disposition": "connected", "spoke_with": "Maria"});
    crate::attempts::attempt(&colleague, &assignment, spoken)
        .await
        .expect(201);
    let committed = manager
        .post(&format!("{}/commit", plan_path(&one)), json!({}))
        .await
        .expect(200);
    assert_eq!((&committed["committed"], &committed["skipped"]), (&json!(2), &json!(2)));
    let codes = |calls: Vec<Value>| {
        calls
            .into_iter()
            .map(|call| call["skip_code"].clone())
            .collect::<Vec<_>>()
    };
    let first = codes(all(&manager, &one, "calls").await);
    assert_eq!(
        first,
        [json!("account_manager"), json!("too_soon"), Value::Null, Value::Null]
    );
    // Two of the week's four are left, whoever plans them.
    let committed = manager
        .post(&format!("{}/commit", plan_path(&other)), json!({}))
        .await
        .expect(200);
    let codes = codes(all(&manager, &other, "calls").await);
    let skipped = codes.iter().filter(|code| !code.is_null()).count();
    assert_eq!(committed["committed"], json!(4 - skipped));
    assert!(
        skipped >= 2
            && codes
                .iter()
                .all(|code| code.is_null() || code == "quota" || code == "busy"),
        "{codes:?}"
    );
    let mine = executive
        .get("/v1/assignments?mine=true&status_in=queued,scheduled")
        .await
        .expect(200);
    assert!(mine["data"].as_array().unwrap().len() <= 4);
}
