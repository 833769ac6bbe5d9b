use super::{Stage, Timer, expression, wake};
use engine::{ExecutionKey, Message, Timestamp};

/// 2027-01-15T08:00:00Z.
const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn timer(name: &str, millis: i64) -> Timer {
    Timer {
        key: ExecutionKey {
            machine: "us-east-1:123456789012:M".into(),
            name: name.into(),
        },
        incarnation: "1".into(),
        at: Timestamp(NOW.millis() + millis),
    }
}

#[test]
fn up_to_fifteen_minutes_a_message_waits_in_the_queue() {
    for (millis, seconds) in [
        (-5_000, 0),
        (0, 0),
        (1, 1),
        (1_000, 1),
        (1_001, 2),
        (899_001, 900),
        (900_000, 900),
    ] {
        assert_eq!(
            timer("e", millis).stage(NOW).unwrap(),
            Stage::Delay { seconds },
            "{millis} ms"
        );
    }
}

#[test]
fn a_longer_wait_is_a_schedule_one_to_fourteen_minutes_early() {
    let mut early = [0; 15];
    for number in 0..500 {
        let timer = timer(&number.to_string(), 900_001 + 999);
        let Stage::Schedule {
            expression: found,
            name,
        } = timer.stage(NOW).unwrap()
        else {
            panic!("too long for a delay")
        };
        assert!(name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let minutes = (1..=14)
            .find(|minutes| expression(Timestamp(timer.at.millis() - minutes * 60_000)).unwrap() == found);
        early[usize::try_from(minutes.unwrap()).unwrap()] += 1;
    }
    assert!(early[1..].iter().all(|count| *count > 10), "{early:?}");
}

#[test]
fn a_schedule_that_fires_leaves_a_delay_though_it_be_a_minute_late() {
    for number in 0..100 {
        let timer = timer(&number.to_string(), 86_400_000);
        let minutes = 1 + crate::hash::number_of(
            &[&match timer.stage(NOW).unwrap() {
                Stage::Schedule { name, .. } => name,
                Stage::Delay { .. } => panic!("too long for a delay"),
            }],
            super::EARLY_MINUTES_MAX,
        );
        let early = i64::try_from(minutes).unwrap() * 60_000;
        for late in [0, 60_000] {
            let fired = Timestamp(timer.at.millis() - early + late);
            assert!(matches!(timer.stage(fired).unwrap(), Stage::Delay { seconds } if seconds <= 840));
        }
    }
}

#[test]
fn arming_again_names_the_same_schedule_and_another_deadline_another_one() {
    let name = |timer: Timer| match timer.stage(NOW).unwrap() {
        Stage::Schedule { name, .. } => name,
        Stage::Delay { .. } => panic!("too long for a delay"),
    };
    assert_eq!(name(timer("e", 3_600_000)), name(timer("e", 3_600_000)));
    assert_ne!(name(timer("e", 3_600_000)), name(timer("e", 3_601_000)));
    assert_ne!(name(timer("e", 3_600_000)), name(timer("f", 3_600_000)));
    let mut other = timer("e", 3_600_000);
    other.incarnation = "2".into();
    assert_ne!(name(timer("e", 3_600_000)), name(other));
}

#[test]
fn schedules_fire_once_in_utc() {
    assert_eq!(expression(NOW).unwrap(), "at(2027-01-15T08:00:00)");
    assert!(expression(Timestamp(i64::MAX)).is_err());
}

#[test]
fn a_timer_travels_as_json_and_becomes_a_wake_up() {
    let sent = timer("e", 0);
    let arrived: Timer = serde_json::from_str(&serde_json::to_string(&sent).unwrap()).unwrap();
    assert_eq!(arrived, sent);
    let envelope = wake(arrived, Timestamp(NOW.millis() + 7));
    assert_eq!(
        (envelope.key, envelope.message),
        (sent.key, Message::Due { at: sent.at })
    );
    assert_eq!(envelope.deduplication, "1800000000000#timer#1800000000007");
}
