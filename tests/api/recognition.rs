//! Praise reaches the employee and their manager, and hangs on the wall.

use serde_json::{Value, json};

use touchbase::access::Permission;

use crate::assignments::customer;
use crate::support::{Client, Server};

/// The contributor works for the viewer.
async fn boss(server: &Server) -> Client {
    let path = format!("/v1/users/{}", server.contributor().id());
    let boss = server.viewer();
    server
        .admin()
        .patch(&path, json!({"manager_id": boss.id()}))
        .await
        .expect(200);
    boss
}

async fn titles(client: &Client) -> Vec<Value> {
    let page = client
        .get("/v1/me/notifications?sort=created_at&kind_in=praise")
        .await
        .expect(200);
    let titles = page["data"].as_array().unwrap().iter();
    titles.map(|told| told["title"].clone()).collect()
}

#[actix_web::test]
async fn praise_reaches_the_employee_and_their_manager_once() {
    let server = Server::start().await;
    let (alfreds, employee, boss) = (
        customer(&server.manager(), "Alfreds").await,
        server.contributor(),
        boss(&server).await,
    );
    let praise =
        json!({"customer_id": alfreds, "type": "praise", "body": "Anna saved our week.", "employee_id": employee.id()});
    let note = server.executive().post("/v1/notes", praise).await.expect(201);
    assert_eq!(titles(&employee).await, ["Alfreds praised you"]);
    assert_eq!(titles(&boss).await, ["Alfreds praised The contributor"]);
    let path = format!("/v1/notes/{}", note["id"].as_str().unwrap());
    server
        .executive()
        .patch(&path, json!({"body": "Anna saved our month."}))
        .await
        .expect(200);
    assert_eq!((titles(&employee).await.len(), titles(&boss).await.len()), (1, 1));
    // It was somebody else: they hear of it, too.
    let viewer = server.admin();
    server
        .executive()
        .patch(&path, json!({"employee_id": viewer.id()}))
        .await
        .expect(200);
    assert_eq!(titles(&viewer).await, ["Alfreds praised you"]);
}

#[actix_web::test]
async fn praise_in_a_debrief_is_passed_on_and_criticism_is_not() {
    let server = Server::start().await;
    let (alfreds, employee, boss) = (
        customer(&server.manager(), "Alfreds").await,
        server.contributor(),
        boss(&server).await,
    );
    let executive = server.executive();
    let assignment = json!({"customer_id": alfreds, "assignee_id": executive.id()});
    let assignment = server.manager().post("/v1/assignments", assignment).await.expect(201);
    let path = format!("/v1/assignments/{}/attempts", assignment["id"].as_str().unwrap());
    let debrief = json!({"disposition": "connected", "summary": "A good call.", "notes": [
        {"type": "praise", "body": "Anna saved our week.", "employee_id": employee.id()},
        {"type": "praise", "body": "And the driver is kind.", "employee_name": "the driver"},
        {"type": "criticism", "body": "The invoice was wrong.", "employee_id": employee.id()},
    ]});
    executive.post(&path, debrief).await.expect(201);
    assert_eq!(titles(&employee).await.len(), 1);
    assert_eq!(titles(&boss).await.len(), 1);
    let wall = server.viewer().get("/v1/recognition").await.expect(200);
    assert_eq!(wall["data"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn everybody_reads_the_wall() {
    let server = Server::start().await;
    let employee = server.contributor();
    for (name, on) in [
        ("Alfreds", "2026-01-05"),
        ("Berglunds", "2026-02-05"),
        ("Chop-suey", "2026-03-05"),
    ] {
        let id = customer(&server.manager(), name).await;
        let mut praise = json!({"customer_id": id, "type": "praise", "body": format!("{name} is happy."), "occurred_at": format!("{on}T10:00:00Z")});
        if name == "Berglunds" {
            praise["employee_name"] = json!("the driver");
        } else {
            praise["employee_id"] = json!(employee.id());
        }
        server.executive().post("/v1/notes", praise).await.expect(201);
        let other = json!({"customer_id": id, "type": "criticism", "body": "Not so good."});
        server.executive().post("/v1/notes", other).await.expect(201);
    }
    for client in [
        server.admin(),
        server.manager(),
        server.executive(),
        server.contributor(),
        server.viewer(),
    ] {
        let wall = client.get("/v1/recognition?limit=2").await.expect(200);
        let said: Vec<(&Value, &Value)> = wall["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|praise| (&praise["customer_name"], &praise["employee_name"]))
            .collect();
        assert_eq!(
            said,
            [
                (&json!("Chop-suey"), &json!("The contributor")),
                (&json!("Berglunds"), &json!("the driver"))
            ]
        );
        let next = format!(
            "/v1/recognition?limit=2&cursor={}",
            wall["next_cursor"].as_str().unwrap()
        );
        assert_eq!(
            client.get(&next).await.expect(200)["data"][0]["text"],
            "Alfreds is happy."
        );
    }
    let count = async |query: &str| {
        let wall = server
            .viewer()
            .get(&format!("/v1/recognition?{query}"))
            .await
            .expect(200);
        wall["data"].as_array().unwrap().len()
    };
    assert_eq!(count(&format!("employee_id={}", employee.id())).await, 2);
    assert_eq!(count("department=Support").await, 2);
    assert_eq!(count("department=SUPP%C3%93RT").await, 2);
    assert_eq!(count("department=Sales").await, 0);
    // A script that may not read users reads what the notes say of them, and no more.
    let script = server.script(&[Permission::NotesRead]).await;
    let wall = script.get("/v1/recognition?limit=2").await.expect(200);
    let said = |praise: &Value| {
        let fields = ["employee_id", "employee_name", "employee_department", "customer_name"];
        fields.map(|field| praise[field].clone())
    };
    let (id, null) = (json!(employee.id()), Value::Null);
    assert_eq!(said(&wall["data"][0]), [id, null.clone(), null.clone(), null.clone()]);
    let driver = json!("the driver");
    assert_eq!(said(&wall["data"][1]), [null.clone(), driver, null.clone(), null]);
    assert_eq!(
        count("occurred_at_gte=2026-02-01T00:00:00Z&occurred_at_lt=2026-03-01T00:00:00Z").await,
        1
    );
    let other = server
        .another_organization()
        .await
        .get("/v1/recognition")
        .await
        .expect(200);
    assert_eq!(other["data"], json!([]));
}

#[actix_web::test]
async fn what_was_told_of_praise_follows_the_note() {
    let server = Server::start().await;
    let (alfreds, employee, boss) = (
        customer(&server.manager(), "Alfreds").await,
        server.contributor(),
        boss(&server).await,
    );
    let executive = server.executive();
    let praise =
        json!({"customer_id": alfreds, "type": "praise", "body": "Anna saved our week.", "employee_id": employee.id()});
    let note = executive.post("/v1/notes", praise).await.expect(201);
    let path = format!("/v1/notes/{}", note["id"].as_str().unwrap());
    executive
        .patch(&path, json!({"body": "Anna saved our month."}))
        .await
        .expect(200);
    for told in [&employee, &boss] {
        let page = told.get("/v1/me/notifications?kind_in=praise").await.expect(200);
        assert_eq!(page["data"].as_array().unwrap().len(), 1);
        assert_eq!(page["data"][0]["text"], "Anna saved our month.");
    }
    // It was somebody else.
    let other = server.admin();
    executive
        .patch(&path, json!({"employee_id": other.id()}))
        .await
        .expect(200);
    assert_eq!(titles(&other).await, ["Alfreds praised you"]);
    assert_eq!((titles(&employee).await.len(), titles(&boss).await.len()), (0, 0));
    executive.delete(&path).await.expect(204);
    assert_eq!(titles(&other).await.len(), 0);
}

#[actix_web::test]
async fn the_wall_of_a_department_is_for_who_may_read_users() {
    let server = Server::start().await;
    let script = server.script(&[Permission::NotesRead]).await;
    script.get("/v1/recognition").await.expect(200);
    let refused = script.get("/v1/recognition?department=Support").await;
    assert_eq!(refused.problem(403), "insufficient_permission");
}
