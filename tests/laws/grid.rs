//! Who passes which endpoint's gate: the table, the answers and a committed file agree.

use std::collections::BTreeSet;

use reqwest::Method;
use touchbase::access::{Permission, Role};
use touchbase::db::Sqls;
use touchbase::http::{Access, Endpoint};
use touchbase::routes;
use uuid::Uuid;

use crate::source::{committed, none};
use crate::support::{Client, Server};

/// What the narrowed key of the grid may do; its role is `admin`.
const NARROWED: Permission = Permission::CustomersRead;

/// Everybody whom the grid knows, by name.
async fn everybody(server: &Server) -> Vec<(String, Client)> {
    let mut callers: Vec<(String, Client)> = Role::ALL
        .iter()
        .map(|role| (role.to_string(), server.client(*role)))
        .collect();
    callers.push(("key".into(), server.script(&[NARROWED]).await));
    callers.push(("nobody".into(), server.nobody()));
    callers.push(("deactivated".into(), deactivated(server).await));
    callers
}

async fn deactivated(server: &Server) -> Client {
    let client = server.add("gone", Role::Admin).await;
    let mut tx = server.app.db.begin().await.unwrap();
    tx.sql("UPDATE users SET active = FALSE WHERE id = $1")
        .bind(client.user.as_ref().unwrap().id)
        .run()
        .await
        .unwrap();
    tx.commit().await.unwrap();
    client
}

fn passes(name: &str, access: Access) -> bool {
    let role: Option<Role> = name.parse().ok();
    match access {
        Access::Public => true,
        Access::SignedIn => role.is_some() || name == "key",
        Access::Needs(permission) => match role {
            Some(role) => role.may(permission),
            None => name == "key" && permission == NARROWED,
        },
    }
}

fn needs(access: Access) -> String {
    match access {
        Access::Public => "-".into(),
        Access::SignedIn => "signed in".into(),
        Access::Needs(permission) => permission.to_string(),
    }
}

/// The path with random ids.
pub fn somewhere(path: &str) -> String {
    path.split('/')
        .map(|part| match part.strip_prefix('{') {
            Some(rest) => {
                let ending = rest.split_once('}').map_or("", |(_, ending)| ending);
                format!("{}{ending}", Uuid::from_u128(rand::random()))
            }
            None => part.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("/")
}

/// Asks with a parameter that no endpoint has: who passes is told of it, and nothing is done.
async fn asks(client: &Client, endpoint: &Endpoint) -> bool {
    let method: Method = endpoint.method.as_str().parse().unwrap();
    let path = format!("{}?no_such_parameter=1", somewhere(&endpoint.path));
    let reply = client.send(client.request(method.as_str(), &path)).await;
    match reply.status {
        401 => false,
        403 => {
            assert_eq!(reply.problem(403), "insufficient_permission");
            false
        }
        400 => true,
        status => panic!("{method} {path} answers {status}: {}", reply.text),
    }
}

#[actix_web::test]
async fn everybody_passes_where_they_may_and_nowhere_else() {
    let server = Server::start().await;
    let callers = everybody(&server).await;
    let mut faults = Vec::new();
    let mut lines = BTreeSet::new();
    for endpoint in routes::endpoints() {
        let row = format!("{} {}", endpoint.path, endpoint.method);
        let mut passed = Vec::new();
        for (name, client) in &callers {
            let passes = passes(name, endpoint.access);
            if asks(client, &endpoint).await != passes {
                faults.push(format!("{name} passes {row}: {}, by the table {passes}", !passes));
            }
            if passes {
                passed.push(name.as_str());
            }
        }
        lines.insert(format!("{row} | {} | {}", needs(endpoint.access), passed.join(" ")));
    }
    none("gates that do not do what the table says", &faults);
    let head = "# Who passes which gate: path and method, the permission, and who has it. `key` is an admin's API key narrowed to customers:read.\n";
    let lines: Vec<String> = lines.into_iter().collect();
    committed("tests/laws/grid.txt", &format!("{head}{}\n", lines.join("\n")));
}

#[test]
fn every_permission_is_asked_for_somewhere() {
    let endpoints = routes::endpoints();
    let asked: Vec<Permission> = endpoints
        .iter()
        .filter_map(|endpoint| match endpoint.access {
            Access::Needs(permission) => Some(permission),
            Access::Public | Access::SignedIn => None,
        })
        .collect();
    let code: String = crate::source::sources("src/features")
        .into_iter()
        .map(|source| source.code)
        .collect();
    let idle: Vec<String> = Permission::ALL
        .iter()
        .filter(|permission| !asked.contains(permission) && !code.contains(&format!("Permission::{permission:?}")))
        .map(ToString::to_string)
        .collect();
    let not_yet = |permission: &String| !rooms_exist(permission);
    none(
        "permissions that open nothing",
        &idle.into_iter().filter(|idle| !not_yet(idle)).collect::<Vec<_>>(),
    );
}

/// A permission of a room that is still to be built opens nothing, and need not.
fn rooms_exist(permission: &str) -> bool {
    let room = permission.split(':').next().unwrap_or_default().replace('_', "-");
    routes::endpoints()
        .iter()
        .any(|endpoint| endpoint.path.contains(&format!("/{room}")))
}

#[test]
fn each_operation_stands_once_in_the_table() {
    let mut seen = BTreeSet::new();
    let twice: Vec<String> = routes::endpoints()
        .iter()
        .flat_map(|endpoint| [endpoint.id.clone(), format!("{} {}", endpoint.method, endpoint.path)])
        .filter(|name| !seen.insert(name.clone()))
        .collect();
    none("names that stand twice", &twice);
}
