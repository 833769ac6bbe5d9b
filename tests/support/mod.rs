//! What the tests stand on: the real binary, a client of the official SDK, and ways to wait.
//!
//! ```ignore
//! let mut server = Server::start();                // a port and a data folder of its own
//! let orders = server.create("orders", &definition).await;
//! let run = server.run(&orders, "run-1", "{}").await;
//! server.kill();                                   // SIGKILL, and waits until the process is gone
//! server.restart();                                // same data folder, another port
//! assert_eq!(output(&server.ended(&run).await), json!({}));
//! ```

mod binary;
mod client;
mod executions;
mod history;
mod raw;
mod server;
mod service;
mod stand_in;

pub(crate) use binary::{command, repository, temporary_folder};
pub(crate) use client::{REGION, Sfn, client, refusal};
pub(crate) use executions::{ROLE, output, pass, task, wait};
pub(crate) use history::{event_types, history};
pub(crate) use raw::{Raw, post, post_to, raw_post};
pub(crate) use server::{DEADLINE, Options, Server, first_line, signal, wait_for_end};
pub(crate) use service::Service;
pub(crate) use stand_in::{Reply, Request, stand_in};
