use serde_json::Value;

/// What every value counts besides its text.
const VALUE_BYTES: usize = 16;

/// Returns about how many bytes a copy of a value takes: for budgets, not for accounts.
pub fn weight(value: &Value) -> usize {
    let mut bytes = 0;
    let mut pending = vec![value];
    while let Some(next) = pending.pop() {
        bytes += VALUE_BYTES;
        match next {
            Value::Array(elements) => pending.extend(elements),
            Value::Object(members) => {
                for (name, member) in members {
                    bytes += name.len();
                    pending.push(member);
                }
            }
            Value::String(text) => bytes += text.len(),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    bytes
}
