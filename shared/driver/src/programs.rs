//! Compiled definitions, kept while they are used.

use crate::error::Error;
use engine::Program;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many programs are kept. Least recently used ones go first.
const PROGRAMS_MAX: usize = 1_000;

#[derive(Default)]
pub(crate) struct Programs(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    programs: HashMap<String, (Arc<Program>, u64)>,
    uses: u64,
}

impl Programs {
    /// Returns the program of a revision, compiled if need be.
    pub(crate) fn get_or_compile(
        &self,
        machine: &str,
        revision: &str,
        definition: &str,
    ) -> Result<Arc<Program>, Error> {
        if let Some(program) = self.get(machine, revision) {
            return Ok(program);
        }
        let program = Arc::new(compile(revision, definition)?);
        self.insert(machine, revision, Arc::clone(&program));
        Ok(program)
    }

    pub(crate) fn get(&self, machine: &str, revision: &str) -> Option<Arc<Program>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let uses = kept.uses;
        let (program, used) = kept.programs.get_mut(&key(machine, revision))?;
        *used = uses;
        Some(Arc::clone(program))
    }

    fn insert(&self, machine: &str, revision: &str, program: Arc<Program>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.programs.len() >= PROGRAMS_MAX {
            let oldest = kept
                .programs
                .iter()
                .min_by_key(|(_, (_, used))| *used)
                .map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                kept.programs.remove(&oldest);
            }
        }
        let uses = kept.uses;
        kept.programs.insert(key(machine, revision), (program, uses));
    }
}

fn key(machine: &str, revision: &str) -> String {
    format!("{machine}#{revision}")
}

fn compile(revision: &str, definition: &str) -> Result<Program, Error> {
    let compiled = asl::compile(definition, asl::MachineType::Standard);
    compiled.program.ok_or_else(|| Error::Definition {
        revision: revision.to_owned(),
        reason: compiled
            .diagnostics
            .first()
            .map(ToString::to_string)
            .unwrap_or_default(),
    })
}
