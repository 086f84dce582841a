//! Receivers that are slow or gone, and instances that die.

use super::*;

#[actix_web::test]
async fn one_endpoints_failure_delays_nobody_else() {
    let server = start().await;
    let (slow, quick) = (Receiver::start(), Receiver::start());
    slow.answer(vec![Answers::Slowly(Duration::from_secs(60)); 50]);
    let (admin, office) = (server.admin(), office(&server));
    endpoint(&admin, &slow.url()).await;
    endpoint(&admin, &quick.url()).await;
    for number in 0..20 {
        customer(&admin, &format!("Customer {number}")).await;
    }
    let settling = tokio::spawn(async move { office.settle().await });
    let received = quick.until(20).await;
    assert_eq!(received.len(), 20);
    assert!(slow.count() <= 4, "{}", slow.count());
    settling.abort();
}

#[actix_web::test]
async fn an_answer_without_end_is_an_answer() {
    let (server, receiver) = (start().await, Receiver::start());
    let (admin, office) = (server.admin(), office(&server));
    endpoint(&admin, &receiver.url()).await;
    receiver.answer([Answers::ForEver]);
    customer(&admin, "Alfreds").await;
    assert_eq!(office.settle().await.unwrap(), 1);
    assert_eq!(deliveries(&admin, "&status_in=delivered").await.len(), 1);
}

#[actix_web::test]
async fn an_instance_that_dies_between_sending_and_recording_leaves_it_to_another() {
    let (server, receiver) = (start().await, Receiver::start());
    let (admin, dies) = (server.admin(), office(&server));
    endpoint(&admin, &receiver.url()).await;
    receiver.answer([Answers::Slowly(Duration::from_secs(30))]);
    customer(&admin, "Alfreds").await;
    let settling = tokio::spawn(async move { dies.settle().await });
    receiver.until(1).await;
    settling.abort();
    let url = server.app.config.database_url.clone();
    let mut settings = config(&url);
    settings.webhook_allow.clone_from(&server.app.config.webhook_allow);
    let clock = Clock::default();
    let other = App::open(settings, clock.clone(), None).await.unwrap();
    let lives = Office::open(&other, names()).unwrap();
    assert_eq!(lives.settle().await.unwrap(), 0);
    clock.advance(TimeDelta::minutes(7));
    assert_eq!(lives.settle().await.unwrap(), 1);
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].header("webhook-id"), received[1].header("webhook-id"));
    assert_eq!(received[0].text, received[1].text);
    assert_eq!(deliveries(&admin, "&status_in=delivered").await.len(), 1);
    other.db.close().await;
}

#[actix_web::test]
async fn two_instances_deliver_each_event_once() {
    let (server, receiver) = (start().await, Receiver::start());
    let admin = server.admin();
    endpoint(&admin, &receiver.url()).await;
    let mut settings = config(&server.app.config.database_url);
    settings.webhook_allow.clone_from(&server.app.config.webhook_allow);
    let other = App::open(settings, Clock::default(), None).await.unwrap();
    let offices = [office(&server), Office::open(&other, names()).unwrap()];
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let running = offices.map(|office| tokio::spawn(office.run(stopped.clone())));
    for number in 0..30 {
        customer(&admin, &format!("Customer {number}")).await;
    }
    receiver.until(30).await;
    for _ in 0..200 {
        if deliveries(&admin, "&status_in=delivered&limit=200").await.len() == 30 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.send_replace(true);
    for office in running {
        office.await.unwrap();
    }
    assert_eq!(deliveries(&admin, "&status_in=delivered&limit=200").await.len(), 30);
    let ids: std::collections::BTreeSet<String> = receiver
        .received()
        .iter()
        .map(|it| it.header("webhook-id").to_owned())
        .collect();
    assert_eq!((ids.len(), receiver.count()), (30, 30));
    other.db.close().await;
}
