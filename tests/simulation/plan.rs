//! What a seed draws before it begins: how much goes wrong, and how long.

use crate::dice::Dice;

/// The faults of one run, in thousandths of all port calls unless said otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// A process dies before or after a port call.
    pub(crate) kill: u64,
    /// A process stops for a while and goes on as if nothing had been.
    pub(crate) freeze: u64,
    /// A clock is set forward or back, within what clocks in one region differ.
    pub(crate) jump: u64,
    /// A request is refused: throttled, or the service fails.
    pub(crate) refuse: u64,
    /// A request is carried out, and its answer lost.
    pub(crate) lose_answer: u64,
    /// A request is answered with a time-out, and carried out seconds later.
    pub(crate) late: u64,
    /// A message comes twice, or a timer.
    pub(crate) double: u64,
    /// The deletion of a message is lost.
    pub(crate) lose_deletion: u64,
    /// A port call takes seconds instead of milliseconds.
    pub(crate) slow: u64,
    /// A call of a service has no answer.
    pub(crate) no_answer: u64,
    /// A call of a service fails.
    pub(crate) failing: u64,
    /// Whether the mailbox keeps the order of a group and remembers what it had; nothing may depend on it.
    pub(crate) fifo: bool,
    /// Whether somebody looks for what was lost already while things go wrong: that can hide a loss.
    pub(crate) sweeps: bool,
    /// For how many seconds things go wrong.
    pub(crate) chaos_seconds: u64,
    pub(crate) workers: usize,
    pub(crate) executions: usize,
    /// Whether the first execution ends every process that goes on with it.
    pub(crate) poison: bool,
    /// Whether all names are used once more, when they are free again.
    pub(crate) reuse: bool,
}

impl Plan {
    /// Draws a plan: most seeds have some kinds of faults only, for one kind can hide another.
    pub(crate) fn draw(dice: &mut Dice) -> Plan {
        let level = |dice: &mut Dice, low: u64, high: u64| match dice.below(4) {
            0 | 1 => 0,
            2 => low,
            _ => high,
        };
        Plan {
            kill: level(dice, 5, 30),
            freeze: level(dice, 3, 20),
            jump: level(dice, 5, 30),
            refuse: level(dice, 10, 80),
            lose_answer: level(dice, 10, 80),
            late: level(dice, 5, 40),
            double: level(dice, 50, 300),
            lose_deletion: level(dice, 30, 200),
            slow: level(dice, 10, 60),
            no_answer: level(dice, 20, 150),
            failing: level(dice, 50, 200),
            fifo: dice.chance(500),
            sweeps: dice.chance(500),
            chaos_seconds: dice.between(60, 900),
            workers: dice.between(1, 4) as usize,
            executions: dice.between(1, 4) as usize,
            poison: dice.chance(30),
            reuse: dice.chance(200),
        }
    }

    /// Returns a plan in which nothing goes wrong.
    pub(crate) fn calm() -> Plan {
        Plan {
            kill: 0,
            freeze: 0,
            jump: 0,
            refuse: 0,
            lose_answer: 0,
            late: 0,
            double: 0,
            lose_deletion: 0,
            slow: 0,
            no_answer: 0,
            failing: 0,
            fifo: true,
            sweeps: true,
            chaos_seconds: 0,
            workers: 2,
            executions: 0,
            poison: false,
            reuse: false,
        }
    }
}
