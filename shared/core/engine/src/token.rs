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
        let digits = parts.next()?;
        let call = CallId(digits.parse().ok()?);
        // `+1` and `01` would be further texts of one token.
        if digits != call.0.to_string() {
            return None;
        }
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
            && is_equal(&self.proof, &proof(identity, self.call))
    }
}

/// Compares in a time that does not tell how many bytes are right.
fn is_equal(shown: &[u8], right: &[u8]) -> bool {
    shown.len() == right.len()
        && shown
            .iter()
            .zip(right)
            .fold(0, |differences, (a, b)| differences | (a ^ b))
            == 0
}

fn proof(identity: &Identity, call: CallId) -> Vec<u8> {
    let mut bytes = digest(identity, "token", call);
    bytes.truncate(PROOF_BYTES);
    bytes
}

/// Returns the token that makes a repeated request recognisable to the service: 32 hexadecimal digits, the same for every dispatch of one attempt.
pub(crate) fn client_token(identity: &Identity, call: CallId) -> String {
    hexadecimal(&digest(identity, "client", call))
}

/// Returns the random UUID of 32 hexadecimal digits.
pub fn uuid(digits: &str) -> String {
    let digit = |at: usize| digits.get(at..=at).unwrap_or("0");
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    // Version 4, variant 1.
    let variant = match digit(16) {
        "0" | "4" | "8" | "c" => "8",
        "1" | "5" | "9" | "d" => "9",
        "2" | "6" | "a" | "e" => "a",
        _ => "b",
    };
    format!(
        "{}-{}-4{}-{variant}{}-{}",
        part(0, 8),
        part(8, 12),
        part(13, 16),
        part(17, 20),
        part(20, 32)
    )
}

/// Returns the label of a distributed Map that has none: the same for every execution of a state machine.
pub(crate) fn label(machine: &str, state: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(machine.as_bytes());
    hash.update(b"\n");
    hash.update(state.as_bytes());
    uuid(&hexadecimal(&hash.finalize()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Hashes the execution's secret of 256 bits. Whoever turns around what `States.UUID` and the like have drawn knows the first
/// 64 of them, and not the others.
fn digest(identity: &Identity, purpose: &str, call: CallId) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(identity.seed.as_bytes());
    hash.update(purpose.as_bytes());
    hash.update(identity.incarnation.as_bytes());
    hash.update(call.0.to_be_bytes());
    hash.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::{PROOF_BYTES, TaskToken, client_token};
    use crate::execution::{ExecutionKey, ExecutionType, Identity};
    use crate::message::CallId;
    use asl::Timestamp;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    fn identity() -> Identity {
        Identity {
            key: ExecutionKey {
                machine: "eu-west-1:123456789012:orders".into(),
                name: "one".into(),
            },
            incarnation: "01J00000000000000000000000".into(),
            arn: "arn:aws:states:eu-west-1:123456789012:execution:orders:one".into(),
            name: "one".into(),
            machine_arn: "arn:aws:states:eu-west-1:123456789012:stateMachine:orders".into(),
            machine_name: "orders".into(),
            version_arn: None,
            alias_arn: None,
            role_arn: "arn:aws:iam::123456789012:role/r".into(),
            region: "eu-west-1".into(),
            execution_type: ExecutionType::Standard,
            started: Timestamp(7),
            seed: "5a".repeat(32).into(),
            revision: "1".into(),
            parent: None,
            trace_header: None,
            test_case: None,
            map: None,
        }
    }

    fn proves(text: &str, identity: &Identity) -> bool {
        TaskToken::parse(text).is_some_and(|token| token.proves(identity))
    }

    #[test]
    fn a_token_proves_its_own_execution_and_attempt_alone() {
        let identity = identity();
        let token = TaskToken::issue(&identity, CallId(11));
        assert!(proves(&token, &identity));
        assert_eq!(TaskToken::parse(&token).unwrap().call, CallId(11));
        assert_ne!(token, TaskToken::issue(&identity, CallId(12)));
        let mut other = identity.clone();
        other.seed = "5b".repeat(32).into();
        assert!(!proves(&token, &other), "of another secret");
        let mut other = identity.clone();
        other.incarnation = "01J00000000000000000000001".into();
        assert!(!proves(&token, &other), "of an earlier execution of the name");
        let mut other = identity.clone();
        other.key.name = "two".into();
        assert!(!proves(&token, &other), "of another execution");
    }

    #[test]
    fn no_changed_token_proves_anything() {
        let identity = identity();
        let token = TaskToken::issue(&identity, CallId(11));
        let bytes = STANDARD.decode(&token).unwrap();
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[place] ^= 1 << bit;
                assert!(!proves(&STANDARD.encode(changed), &identity), "byte {place}");
            }
        }
        for place in 0..token.len() {
            for other in ["A", "b", "+", "/", "=", "\n", "-", ""] {
                let changed = format!("{}{other}{}", &token[..place], &token[place + 1..]);
                assert!(changed == token || !proves(&changed, &identity), "{changed}");
            }
        }
        assert!(!proves(&format!("{token}="), &identity));
        assert!(!proves(token.trim_end_matches('='), &identity) || !token.ends_with('='));
    }

    #[test]
    fn a_token_has_one_text() {
        let identity = identity();
        let bytes = STANDARD.decode(TaskToken::issue(&identity, CallId(11))).unwrap();
        let told = String::from_utf8(bytes[PROOF_BYTES..].to_vec()).unwrap();
        let start = told.strip_suffix("11").unwrap();
        for number in ["+11", "011", "11\n", " 11", "11.0", "-11", ""] {
            let mut changed = bytes[..PROOF_BYTES].to_vec();
            changed.extend(format!("{start}{number}").bytes());
            assert_eq!(TaskToken::parse(&STANDARD.encode(changed)), None, "`{number}`");
        }
    }

    #[test]
    fn what_services_and_histories_see_gives_no_token_away() {
        let identity = identity();
        let token = TaskToken::issue(&identity, CallId(11));
        let proof: String = STANDARD.decode(&token).unwrap()[..PROOF_BYTES]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        // The token of the client is sent to services, and stands in the parameters of some tasks.
        assert_ne!(proof, client_token(&identity, CallId(11)));
        // All but the proof is known to whoever may list executions; the proof follows from the secret.
        let mut guessed = identity.clone();
        guessed.seed = String::new().into();
        assert_ne!(token, TaskToken::issue(&guessed, CallId(11)));
    }
}
