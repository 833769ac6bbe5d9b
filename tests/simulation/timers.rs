//! The timers: early, late and double.

use crate::mutants::Mutant;
use crate::process::Process;
use crate::queues::{self, Carried, Queue};
use crate::world::locked;
use async_trait::async_trait;
use engine::{ExecutionKey, Message, Timestamp};
use ports::{Envelope, Timers, TimersError};
use std::sync::Arc;

/// Deadlines further away than any run lasts are never reached.
const FAR_MILLIS: i64 = 300 * 86_400_000;

pub(crate) struct SimTimers(pub(crate) Arc<Process>);

#[async_trait]
impl Timers for SimTimers {
    async fn arm(&self, key: &ExecutionKey, incarnation: &str, at: Timestamp) -> Result<(), TimersError> {
        let world = Arc::clone(&self.0.world);
        let envelope = Envelope {
            key: key.clone(),
            incarnation: incarnation.into(),
            message: Message::Due { at },
            deduplication: format!("{}#timer", at.millis()),
        };
        let arm = move || {
            let now = world.millis();
            let is_left_out = world.mutant == Some(Mutant::TimerUnarmed) && at.millis() % 2 == 0;
            if is_left_out || at.millis() - now > FAR_MILLIS {
                return;
            }
            let count = 1 + u32::from(world.strikes(world.plan.double));
            for _ in 0..count {
                // Sometimes a minute early, and then sent on; sometimes two late; usually on the second.
                let off = if world.is_healed() {
                    0
                } else {
                    world.draw(|dice| match dice.below(4) {
                        0 => dice.below(60_000).cast_signed() - 60_000,
                        1 => dice.below(120_000).cast_signed(),
                        _ => dice.below(1_000).cast_signed(),
                    })
                };
                let delay = (at.millis() + off - now).max(0).cast_unsigned();
                let number = locked(&world.queues).number();
                let carried = Carried {
                    number,
                    queue: Queue::Timers,
                    group: None,
                    envelope: envelope.clone(),
                    due: Some(at),
                };
                queues::carry(&world, carried, delay);
            }
        };
        let armed = self.0.request("timers.arm", arm).await;
        if armed.is_err() {
            // The driver lets this pass: the sweep finds what is overdue.
            self.0.world.owe(key, u32::MAX);
            self.0.world.lose_polls(incarnation);
        }
        armed.map_err(TimersError)
    }
}
