//! Deadlines to the second, up to years ahead, in two stages.
//!
//! Up to 15 minutes a message waits in a standard queue with `DelaySeconds`. For longer, EventBridge Scheduler fires into
//! that queue some minutes early (it is exact to a minute only), and [`AwsTimers::fired`] sends the message on with the
//! delay that is left. How early depends on the execution, so that what is due at midnight does not come all at once.

use crate::clock::SystemClock;
use crate::hash;
use crate::meter::Meter;
use crate::reason::reason;
use async_trait::async_trait;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, RetryPolicy, Target,
};
use engine::{ExecutionKey, Message, Timestamp};
use ports::{Clock as _, Envelope, Timers, TimersError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The timers: a delay queue, and schedules that fire into it.
#[derive(Clone, Debug)]
pub struct AwsTimers {
    queue: aws_sdk_sqs::Client,
    scheduler: aws_sdk_scheduler::Client,
    places: Places,
    meter: Option<Meter>,
}

/// Where timers are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The delay queue's URL.
    pub queue_url: Arc<str>,
    /// The delay queue's ARN.
    pub queue_arn: Arc<str>,
    /// The group that schedules are made in.
    pub schedule_group: Arc<str>,
    /// The role under which Scheduler sends to the queue.
    pub schedule_role: Arc<str>,
}

/// What the delay queue carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Timer {
    key: ExecutionKey,
    incarnation: Arc<str>,
    at: Timestamp,
}

/// How a deadline is reached from now.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    /// By waiting in the queue.
    Delay {
        /// For so long.
        seconds: i32,
    },
    /// By a schedule that fires into the queue.
    Schedule {
        /// When it fires.
        expression: String,
        /// Its name: the same for the same deadline, so that arming again finds it there.
        name: String,
    },
}

/// SQS: 15 minutes.
const DELAY_MILLIS_MAX: i64 = 15 * 60 * 1000;
/// A schedule fires at least a minute early and at most 14: the rest fits into a delay, though Scheduler be a minute late.
const EARLY_MINUTES_MAX: u64 = 14;
/// How long Scheduler tries to reach the queue: a wake-up that comes late is better than none.
const SCHEDULE_AGE_SECONDS_MAX: i32 = 86_400;
/// How often Scheduler tries.
const SCHEDULE_TRIES_MAX: i32 = 185;

impl Timer {
    /// Returns how the deadline is reached from `now`.
    fn stage(&self, now: Timestamp) -> Result<Stage, TimersError> {
        let left = self.at.millis().saturating_sub(now.millis()).max(0);
        if left <= DELAY_MILLIS_MAX {
            // Rounded up: a wake-up must not come before the deadline.
            let seconds = i32::try_from((left + 999) / 1000).unwrap_or(i32::MAX);
            return Ok(Stage::Delay { seconds });
        }
        let name = hash::name_of(&[
            &self.key.machine,
            &self.key.name,
            &self.incarnation,
            &self.at.millis().to_string(),
        ]);
        let minutes = 1 + hash::number_of(&[&name], EARLY_MINUTES_MAX);
        let early = i64::try_from(minutes * 60_000).unwrap_or(DELAY_MILLIS_MAX);
        Ok(Stage::Schedule {
            expression: expression(Timestamp(self.at.millis().saturating_sub(early)))?,
            name,
        })
    }
}

/// Returns the expression of a schedule that fires once, in UTC, to the second.
fn expression(at: Timestamp) -> Result<String, TimersError> {
    let time = jiff::Timestamp::from_millisecond(at.millis())
        .map_err(|error| TimersError(format!("{} is not a time: {error}", at.millis())))?;
    Ok(format!("at({})", time.strftime("%Y-%m-%dT%H:%M:%S")))
}

impl AwsTimers {
    /// Returns the timers of these places.
    pub fn new(
        queue: aws_sdk_sqs::Client,
        scheduler: aws_sdk_scheduler::Client,
        places: Places,
    ) -> AwsTimers {
        AwsTimers {
            queue,
            scheduler,
            places,
            meter: None,
        }
    }

    /// Returns the same timers, whose messages and schedules this meter counts.
    pub fn metered(self, meter: Option<Meter>) -> AwsTimers {
        AwsTimers { meter, ..self }
    }

    /// Takes a message of the delay queue: gives the wake-up that is due, or sends the message on and gives nothing.
    ///
    /// # Errors
    ///
    /// When the message is not a timer's, or could not be sent on: it must stay in the queue then.
    pub async fn fired(&self, body: &str) -> Result<Option<Envelope>, TimersError> {
        let timer: Timer = serde_json::from_str(body)
            .map_err(|error| TimersError(format!("a message of the delay queue is not a timer: {error}")))?;
        let now = SystemClock.now();
        if timer.at <= now {
            return Ok(Some(wake(timer, now)));
        }
        self.set(&timer).await?;
        Ok(None)
    }

    async fn set(&self, timer: &Timer) -> Result<(), TimersError> {
        let body = serde_json::to_string(timer).map_err(|error| TimersError(error.to_string()))?;
        match timer.stage(SystemClock.now())? {
            Stage::Delay { seconds } => self.delay(body, seconds).await,
            Stage::Schedule { expression, name } => self.schedule(body, expression, name).await,
        }
    }

    async fn delay(&self, body: String, seconds: i32) -> Result<(), TimersError> {
        if let Some(meter) = &self.meter {
            meter.delayed(&body);
        }
        let request = self
            .queue
            .send_message()
            .queue_url(&*self.places.queue_url)
            .delay_seconds(seconds)
            .message_body(body);
        let sent = Box::pin(request.send()).await;
        sent.map(|_| ()).map_err(|error| TimersError(reason(&error)))
    }

    async fn schedule(&self, body: String, expression: String, name: String) -> Result<(), TimersError> {
        let invalid = |error: &dyn std::error::Error| TimersError(error.to_string());
        let retry = RetryPolicy::builder()
            .maximum_event_age_in_seconds(SCHEDULE_AGE_SECONDS_MAX)
            .maximum_retry_attempts(SCHEDULE_TRIES_MAX)
            .build();
        let target = Target::builder()
            .arn(&*self.places.queue_arn)
            .role_arn(&*self.places.schedule_role)
            .input(body)
            .retry_policy(retry)
            .build()
            .map_err(|error| invalid(&error))?;
        let exactly = FlexibleTimeWindow::builder()
            .mode(FlexibleTimeWindowMode::Off)
            .build()
            .map_err(|error| invalid(&error))?;
        let request = self
            .scheduler
            .create_schedule()
            .name(name)
            .group_name(&*self.places.schedule_group)
            .schedule_expression(expression)
            .schedule_expression_timezone("UTC")
            .action_after_completion(ActionAfterCompletion::Delete)
            .flexible_time_window(exactly)
            .target(target);
        match Box::pin(request.send()).await {
            Ok(_) => {
                if let Some(meter) = &self.meter {
                    meter.scheduled();
                }
                Ok(())
            }
            // It was armed before.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_conflict_exception()) =>
            {
                Ok(())
            }
            Err(error) => Err(TimersError(reason(&error))),
        }
    }
}

/// Returns the wake-up of a timer that fired at `now`.
///
/// Each firing is a message of its own: the one before may have come to somebody whose clock is behind, who armed the
/// same deadline again, and then SQS must not take the next one for a repetition.
fn wake(timer: Timer, now: Timestamp) -> Envelope {
    Envelope {
        deduplication: format!("{}#timer#{}", timer.at.millis(), now.millis()),
        key: timer.key,
        incarnation: timer.incarnation,
        message: Message::Due { at: timer.at },
    }
}

#[async_trait]
impl Timers for AwsTimers {
    async fn arm(&self, key: &ExecutionKey, incarnation: &str, at: Timestamp) -> Result<(), TimersError> {
        let timer = Timer {
            key: key.clone(),
            incarnation: incarnation.into(),
            at,
        };
        self.set(&timer).await
    }
}

#[cfg(test)]
mod tests;
