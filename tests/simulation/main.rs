//! The simulator: the real engine and driver over ports that fail in every way a seed can draw.
//!
//! A seed draws state machines, clients and faults; processes die, stop and go on, queues repeat and reorder, stores lose
//! answers. After every write the invariants of the journal protocol are checked, and when the faults have ended,
//! everything has to end as well. See CONTRIBUTING.md, "Simulate it". In `model`, every order of events is tried instead
//! of those that a seed draws.

mod audit;
mod blobs;
mod clients;
mod contract;
mod crash;
mod definitions;
mod dice;
mod distribution;
mod jobs;
mod journal;
mod ledger;
mod machines;
mod model;
mod mutants;
mod plan;
mod process;
mod queues;
mod registry;
mod replay;
mod run;
mod seeds;
mod services;
mod table;
mod timers;
mod upkeep;
mod world;
