use super::LocalMailbox;
use engine::{CallId, ExecutionKey, Message};
use ports::{ActivityTask, Envelope, Mailbox as _};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(30);

fn task(call: u64) -> ActivityTask {
    ActivityTask {
        activity_arn: "a".into(),
        key: ExecutionKey {
            machine: "m".into(),
            name: "n".into(),
        },
        incarnation: "i".into(),
        call: CallId(call),
        token: "t".to_owned(),
        input: "{}".into(),
    }
}

fn queues(mailbox: &LocalMailbox) -> usize {
    super::locked(&mailbox.queues).len()
}

#[tokio::test]
async fn nothing_is_left_of_activities_that_nobody_uses() {
    let (mailbox, _arrivals) = LocalMailbox::new();
    mailbox.take("a", Duration::ZERO).await.unwrap();
    mailbox.take("a", Duration::from_millis(5)).await.unwrap();
    assert_eq!(queues(&mailbox), 0);
    {
        let mut taking = Box::pin(mailbox.take("a", LONG));
        assert!(
            tokio::time::timeout(Duration::from_millis(5), &mut taking)
                .await
                .is_err()
        );
        assert_eq!(queues(&mailbox), 1);
    }
    assert_eq!(queues(&mailbox), 0, "a taker who gives up leaves nothing");
    mailbox.offer(task(1)).await.unwrap();
    assert_eq!(mailbox.take("a", LONG).await.unwrap(), Some(task(1)));
    assert_eq!(queues(&mailbox), 0);
    let (taken, offered) = tokio::join!(mailbox.take("a", LONG), mailbox.offer(task(2)));
    offered.unwrap();
    assert_eq!(taken.unwrap(), Some(task(2)));
    assert_eq!(queues(&mailbox), 0);
}

#[tokio::test]
async fn who_waits_longest_is_served_first() {
    let (mailbox, _arrivals) = LocalMailbox::new();
    let mut first = Box::pin(mailbox.take("a", LONG));
    let mut second = Box::pin(mailbox.take("a", LONG));
    for taking in [&mut first, &mut second] {
        assert!(
            tokio::time::timeout(Duration::from_millis(5), taking)
                .await
                .is_err()
        );
    }
    assert_eq!(mailbox.take("a", Duration::ZERO).await.unwrap(), None);
    mailbox.offer(task(1)).await.unwrap();
    mailbox.offer(task(2)).await.unwrap();
    assert_eq!(second.await.unwrap(), Some(task(2)));
    assert_eq!(first.await.unwrap(), Some(task(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_task_is_taken_once_while_takers_come_and_go() {
    let (mailbox, _arrivals) = LocalMailbox::new();
    let mailbox = std::sync::Arc::new(mailbox);
    let takers: Vec<_> = (0..8)
        .map(|taker| {
            let mailbox = std::sync::Arc::clone(&mailbox);
            tokio::spawn(async move {
                let mut taken = Vec::new();
                let mut idle = 0;
                while idle < 300 {
                    match mailbox.take("a", Duration::from_millis(taker % 3)).await.unwrap() {
                        Some(task) => taken.push(task.call.0),
                        None => {
                            idle += 1;
                            tokio::time::sleep(Duration::from_millis(1)).await;
                        }
                    }
                }
                taken
            })
        })
        .collect();
    for call in 0..500 {
        mailbox.offer(task(call)).await.unwrap();
        if call % 7 == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let mut taken = Vec::new();
    for taker in takers {
        taken.extend(taker.await.unwrap());
    }
    taken.sort_unstable();
    assert_eq!(taken, (0..500).collect::<Vec<u64>>());
    assert_eq!(queues(&mailbox), 0);
}

#[tokio::test]
async fn a_mailbox_without_a_receiver_says_so() {
    let (mailbox, arrivals) = LocalMailbox::new();
    drop(arrivals);
    let envelope = Envelope {
        key: task(1).key,
        incarnation: "i".into(),
        message: Message::Wake,
        deduplication: "0#x".to_owned(),
    };
    let error = mailbox.post(envelope).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the mailbox failed: nobody receives its messages any more"
    );
}
