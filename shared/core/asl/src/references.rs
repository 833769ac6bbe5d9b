//! Which variables the states of a program read.

use crate::program::{
    Choice, Condition, Expression, Flow, Items, MapMode, Operand, Program, QueryLanguage, Rule, Selector,
    Setting, StateKind, Template, Test, Text, WaitUntil,
};
use jsonpath::{Intrinsic, Path, Root};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

impl Program {
    /// Returns the names of the variables that each state reads, without `$`; states that read none are left out.
    pub fn variable_references(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let references = self
            .states
            .iter()
            .map(|state| (&*state.name, state.kind.variables()));
        references.filter(|(_, names)| !names.is_empty()).collect()
    }
}

impl StateKind {
    /// Returns the names of the variables that the state reads, without `$`.
    pub fn variables(&self) -> BTreeSet<&str> {
        let mut names = Names::default();
        names.of_state(self);
        names.0
    }
}

#[derive(Default)]
struct Names<'p>(BTreeSet<&'p str>);

impl<'p> Names<'p> {
    fn of_state(&mut self, kind: &'p StateKind) {
        match kind {
            StateKind::Pass(pass) => self.of_flow(&pass.flow),
            StateKind::Succeed(succeed) => self.of_flow(&succeed.flow),
            StateKind::Choice(choice) => self.of_choice(choice),
            StateKind::Task(task) => {
                self.of_flow(&task.flow);
                task.role_arn.iter().for_each(|text| self.of_text(text));
                let settings = task.timeout_seconds.iter().chain(&task.heartbeat_seconds);
                settings.for_each(|setting| self.of_setting(setting));
                task.catch
                    .iter()
                    .for_each(|catcher| self.of_handler(catcher.output.as_ref(), &catcher.assign));
            }
            StateKind::Wait(wait) => {
                self.of_flow(&wait.flow);
                match &wait.until {
                    WaitUntil::Seconds(setting) => self.of_setting(setting),
                    WaitUntil::Timestamp(setting) => self.of_setting(setting),
                }
            }
            StateKind::Fail(fail) => fail
                .error
                .iter()
                .chain(&fail.cause)
                .for_each(|text| self.of_text(text)),
            StateKind::Parallel(parallel) => {
                self.of_flow(&parallel.flow);
                parallel
                    .catch
                    .iter()
                    .for_each(|catcher| self.of_handler(catcher.output.as_ref(), &catcher.assign));
            }
            StateKind::Map(map) => {
                self.of_flow(&map.flow);
                match &map.items {
                    Items::Path(selector) => self.of_selector(selector),
                    Items::Template(template) => self.of_template(template),
                    Items::Input => {}
                }
                map.item_selector
                    .iter()
                    .for_each(|template| self.of_template(template));
                self.of_setting(&map.max_concurrency);
                map.tolerated_failure_count
                    .iter()
                    .for_each(|setting| self.of_setting(setting));
                map.tolerated_failure_percentage
                    .iter()
                    .for_each(|setting| self.of_setting(setting));
                map.catch
                    .iter()
                    .for_each(|catcher| self.of_handler(catcher.output.as_ref(), &catcher.assign));
                if let MapMode::Distributed(distributed) = &map.mode {
                    let parts = distributed
                        .item_reader
                        .iter()
                        .chain(&distributed.item_batcher)
                        .chain(&distributed.result_writer);
                    parts.for_each(|part| self.of_value(part, map.flow.language));
                }
            }
        }
    }

    /// Adds those of a part of the definition that is kept as it stands.
    fn of_value(&mut self, value: &'p Value, language: QueryLanguage) {
        match (value, language) {
            (Value::Object(object), _) => {
                for (key, value) in object {
                    match (value, language) {
                        (Value::String(text), QueryLanguage::Jsonpath) => {
                            if key.ends_with(".$") || key.ends_with("Path") {
                                self.of_reference(text);
                            }
                        }
                        _ => self.of_value(value, language),
                    }
                }
            }
            (Value::Array(items), _) => items.iter().for_each(|item| self.of_value(item, language)),
            (Value::String(text), QueryLanguage::Jsonata) => {
                let inner = text.strip_prefix("{%").and_then(|text| text.strip_suffix("%}"));
                if let Some(Ok(source)) = inner.map(|inner| jsonata::Expression::parse(inner.trim())) {
                    let names = source.variables().filter(|name| *name != "states");
                    self.0.extend(names.filter_map(|name| within(text, name)));
                }
            }
            _ => {}
        }
    }

    /// Adds those of a path or a call that is kept as text.
    fn of_reference(&mut self, text: &'p str) {
        let mut add = |path: &Path| {
            if let Root::Variable(name) = path.root() {
                self.0.extend(within(text, name));
            }
        };
        match Intrinsic::parse(text) {
            Ok(call) => call.paths().for_each(add),
            Err(_) => Path::parse(text).iter().for_each(&mut add),
        }
    }

    fn of_flow(&mut self, flow: &'p Flow) {
        self.of_selector(&flow.input_path);
        self.of_selector(&flow.output_path);
        let templates = flow.arguments.iter().chain(&flow.result_selector);
        templates.for_each(|template| self.of_template(template));
        self.of_handler(flow.output.as_ref(), &flow.assign);
    }

    /// Adds those of an `Output` and an `Assign`.
    fn of_handler(&mut self, output: Option<&'p Template>, assign: &'p [(String, Template)]) {
        output
            .into_iter()
            .chain(assign.iter().map(|(_, value)| value))
            .for_each(|template| self.of_template(template));
    }

    fn of_choice(&mut self, choice: &'p Choice) {
        self.of_flow(&choice.flow);
        for Rule {
            condition,
            assign,
            output,
            next: _,
        } in &choice.rules
        {
            self.of_condition(condition);
            self.of_handler(output.as_ref(), assign);
        }
    }

    fn of_condition(&mut self, condition: &'p Condition) {
        match condition {
            Condition::And(all) | Condition::Or(all) => all.iter().for_each(|one| self.of_condition(one)),
            Condition::Not(one) => self.of_condition(one),
            Condition::Expression(expression) => self.of_expression(expression),
            Condition::Literal(_) => {}
            Condition::Test { variable, test } => {
                self.of_path(variable);
                self.of_test(test);
            }
        }
    }

    fn of_test(&mut self, test: &'p Test) {
        match test {
            Test::String(_, operand) => self.of_operand(operand),
            Test::Numeric(_, operand) => self.of_operand(operand),
            Test::Boolean(operand) => self.of_operand(operand),
            Test::Timestamp(_, operand) => self.of_operand(operand),
            Test::IsPresent(_)
            | Test::IsNull(_)
            | Test::IsNumeric(_)
            | Test::IsString(_)
            | Test::IsBoolean(_)
            | Test::IsTimestamp(_)
            | Test::StringMatches(_) => {}
        }
    }

    fn of_operand<T>(&mut self, operand: &'p Operand<T>) {
        match operand {
            Operand::Path(path) => self.of_path(path),
            Operand::Literal(_) => {}
        }
    }

    fn of_setting<T>(&mut self, setting: &'p Setting<T>) {
        match setting {
            Setting::Fixed(_) => {}
            Setting::Path(path) => self.of_path(path),
            Setting::Expression(expression) => self.of_expression(expression),
        }
    }

    fn of_text(&mut self, text: &'p Text) {
        match text {
            Text::Fixed(_) => {}
            Text::Path(path) => self.of_path(path),
            Text::Intrinsic(intrinsic) => intrinsic.paths().for_each(|path| self.of_path(path)),
            Text::Expression(expression) => self.of_expression(expression),
        }
    }

    fn of_selector(&mut self, selector: &'p Selector) {
        match selector {
            Selector::Path(path) => self.of_path(path),
            Selector::Whole | Selector::Nothing => {}
        }
    }

    fn of_template(&mut self, template: &'p Template) {
        match template {
            Template::Literal(_) => {}
            Template::Path(path) => self.of_path(path),
            Template::Intrinsic(intrinsic) => intrinsic.paths().for_each(|path| self.of_path(path)),
            Template::Expression(expression) => self.of_expression(expression),
            Template::List(items) => items.iter().for_each(|item| self.of_template(item)),
            Template::Object(entries) => entries.iter().for_each(|(_, value)| self.of_template(value)),
        }
    }

    fn of_expression(&mut self, expression: &'p Expression) {
        self.0
            .extend(expression.source.variables().filter(|name| *name != "states"));
    }

    fn of_path(&mut self, path: &'p Path) {
        if let Root::Variable(name) = path.root() {
            self.0.insert(name);
        }
    }
}

/// Returns the name as it stands in the text, behind a dollar.
fn within<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.split('$')
        .skip(1)
        .find_map(|rest| rest.starts_with(name).then(|| rest.get(..name.len())).flatten())
}
