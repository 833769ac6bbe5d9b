//! Task tokens: opaque to clients, bound to one attempt of one task, not to be guessed.

use crate::execution::{ExecutionKey, Identity};
use crate::message::CallId;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Bytes of the proof in a token: 128 bits.
const PROOF_BYTES: usize = 16;

/// What a task token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskToken {
    /// The execution.
    pub key: ExecutionKey,
    /// Its incarnation.
    pub incarnation: String,
    /// The attempt.
    pub call: CallId,
    proof: Vec<u8>,
}

impl TaskToken {
    /// Returns the token's text for one attempt.
    pub fn issue(identity: &Identity, call: CallId) -> String {
        let text = format!(
            "1\n{}\n{}\n{}\n{}",
            identity.key.machine, identity.key.name, identity.incarnation, call.0
        );
        let mut bytes = proof(identity, call);
        bytes.extend_from_slice(text.as_bytes());
        STANDARD.encode(bytes)
    }

    /// Reads a token; `None` for text that no execution has issued.
    pub fn parse(text: &str) -> Option<TaskToken> {
        let bytes = STANDARD.decode(text).ok()?;
        let (proof, rest) = bytes.split_at_checked(PROOF_BYTES)?;
        let rest = std::str::from_utf8(rest).ok()?;
        let mut parts = rest.split('\n');
        if parts.next()? != "1" {
            return None;
        }
        let key = ExecutionKey {
            machine: parts.next()?.into(),
            name: parts.next()?.into(),
        };
        let incarnation = parts.next()?.to_owned();
        let call = CallId(parts.next()?.parse().ok()?);
        parts.next().is_none().then_some(TaskToken {
            key,
            incarnation,
            call,
            proof: proof.to_vec(),
        })
    }

    /// Returns whether the execution of `identity` has issued this token.
    pub fn proves(&self, identity: &Identity) -> bool {
        self.incarnation == *identity.incarnation
            && self.key == identity.key
            && self.proof == proof(identity, self.call)
    }
}

fn proof(identity: &Identity, call: CallId) -> Vec<u8> {
    let mut bytes = digest(identity, "token", call);
    bytes.truncate(PROOF_BYTES);
    bytes
}

/// Returns the token that makes a repeated request recognisable to the service: 32 hexadecimal digits, the same for every dispatch of one attempt.
pub(crate) fn client_token(identity: &Identity, call: CallId) -> String {
    use std::fmt::Write as _;
    digest(identity, "client", call)
        .iter()
        .take(16)
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn digest(identity: &Identity, purpose: &str, call: CallId) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(identity.seed.as_bytes());
    hash.update(purpose.as_bytes());
    hash.update(identity.incarnation.as_bytes());
    hash.update(call.0.to_be_bytes());
    hash.finalize().to_vec()
}
