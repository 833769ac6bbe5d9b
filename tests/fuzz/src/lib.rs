//! Entry points for fuzzing: each takes any bytes, and panics when something that has to hold does not.
//!
//! `fuzz/` at the top of the repository runs them under libFuzzer; the tests of this crate run them over the seeds in
//! `fuzz/seeds` and over mutations of these. See CONTRIBUTING.md, "Fuzz it".
#![expect(clippy::panic, clippy::unwrap_used, reason = "a finding is a panic")]

use std::panic::PanicHookInfo;

mod bytes;
mod definition;
mod intrinsics;
#[cfg(feature = "store")]
mod journal;
mod jsonata_expression;
mod jsonpath_path;
mod machine;
mod scope;
#[cfg(feature = "store")]
mod stack;
mod structured;
#[cfg(feature = "store")]
mod wire;

pub use definition::definition;
pub use intrinsics::intrinsics;
#[cfg(feature = "store")]
pub use journal::journal;
pub use jsonata_expression::jsonata;
pub use jsonpath_path::jsonpath;
pub use structured::structured;
#[cfg(feature = "store")]
pub use wire::wire;

/// A way in, with the name of its seeds and of its libFuzzer target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// The entry point.
    pub run: fn(&[u8]),
    /// How many mutations of its seeds the tests try.
    pub mutations: u64,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target {
        name: "definition",
        run: definition,
        mutations: 1_500,
    },
    Target {
        name: "jsonpath",
        run: jsonpath,
        mutations: 5_000,
    },
    Target {
        name: "jsonata",
        run: jsonata,
        mutations: 2_000,
    },
    Target {
        name: "intrinsics",
        run: intrinsics,
        mutations: 5_000,
    },
    Target {
        name: "structured",
        run: structured,
        mutations: 300,
    },
    #[cfg(feature = "store")]
    Target {
        name: "wire",
        run: wire,
        mutations: 400,
    },
    #[cfg(feature = "store")]
    Target {
        name: "journal",
        run: journal,
        mutations: 800,
    },
];

/// Tells whether a panic is a finding: one of the JSONata library is caught where it is called, and fails the expression
/// alone.
pub fn is_finding(panic: &PanicHookInfo<'_>) -> bool {
    !panic.location().is_some_and(|location| {
        let file = location.file();
        // Arithmetic such as `pow` panics in the standard library; who called it stands in the backtrace alone.
        file.contains("jsonata-core") || file.contains("/library/core/src/num/") && is_called_by_jsonata()
    })
}

/// Tells whether the JSONata library is the first besides the standard library that a backtrace from here names.
fn is_called_by_jsonata() -> bool {
    let backtrace = std::backtrace::Backtrace::force_capture().to_string();
    let mut files = backtrace
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("at "))
        .filter(|file| !file.starts_with("/rustc/") && !file.contains("/fuzz/src/lib.rs"));
    files.next().is_some_and(|file| file.contains("jsonata-core"))
}

/// Ends the process at every panic that is a finding, also where somebody catches it. For libFuzzer.
pub fn abort_on_findings() {
    std::panic::set_hook(Box::new(|panic| {
        if is_finding(panic) {
            eprintln!("{panic}\n{}", std::backtrace::Backtrace::force_capture());
            std::process::abort();
        }
    }));
}
