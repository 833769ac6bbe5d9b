//! Crates: what they may depend on, and where they are listed.

use super::{files, none, read, shown};
use crate::support::repository;
use std::path::Path;
use toml::{Table, Value};

/// All that a crate under `shared/core` may depend on: no clock, no randomness, no I/O, no asynchronous running.
const CORE_DEPENDENCIES: [&str; 15] = [
    "asl",
    "base64",
    "csv",
    "integrations",
    "jiff",
    "jsonata",
    "jsonata-core",
    "jsonpath",
    "md-5",
    "regex",
    "serde",
    "serde_json",
    "sha1",
    "sha2",
    "thiserror",
];

fn manifest(path: &Path) -> Table {
    read(path)
        .parse()
        .unwrap_or_else(|error| panic!("{}: {error}", shown(path)))
}

/// Returns the manifests of all packages.
fn manifests() -> Vec<(String, Table)> {
    files("/Cargo.toml")
        .iter()
        .map(|path| (shown(path), manifest(path)))
        .collect()
}

/// Returns the dependency tables of a manifest with their names; those of targets too.
fn dependencies(manifest: &Table) -> Vec<(String, &Table)> {
    let mut tables = Vec::new();
    let look = |prefix: &str, table: &'_ Table| -> Vec<String> {
        ["dependencies", "dev-dependencies", "build-dependencies"]
            .iter()
            .filter(|name| table.contains_key(**name))
            .map(|name| format!("{prefix}{name}"))
            .collect()
    };
    for name in look("", manifest) {
        tables.extend(manifest[&name].as_table().map(|table| (name.clone(), table)));
    }
    let targets = manifest.get("target").and_then(Value::as_table);
    for (target, table) in targets
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name, value.as_table()?)))
    {
        for name in look("", table) {
            tables.extend(
                table[&name]
                    .as_table()
                    .map(|table| (format!("{target}.{name}"), table)),
            );
        }
    }
    tables
}

#[test]
fn core_depends_on_what_is_allowed_alone() {
    let mut breaches = Vec::new();
    let mut seen = 0;
    for (path, manifest) in manifests()
        .iter()
        .filter(|(path, _)| path.starts_with("shared/core/"))
    {
        seen += 1;
        // Tests may use more.
        for (table, dependencies) in dependencies(manifest)
            .iter()
            .filter(|(table, _)| !table.contains("dev-"))
        {
            let strangers = dependencies
                .keys()
                .filter(|name| !CORE_DEPENDENCIES.contains(&name.as_str()));
            breaches.extend(strangers.map(|name| format!("{path}, {table}: `{name}`")));
        }
    }
    assert!(seen >= 5, "only {seen} crates were found under shared/core");
    none("core crates depend on an allow-list alone", &breaches);
}

#[test]
fn adapters_know_neither_the_driver_nor_the_api() {
    let mut breaches = Vec::new();
    for (path, manifest) in manifests()
        .iter()
        .filter(|(path, _)| path.starts_with("shared/adapters/"))
    {
        for (table, dependencies) in dependencies(manifest) {
            let upwards = dependencies
                .keys()
                .filter(|name| matches!(name.as_str(), "driver" | "api" | "console"));
            breaches.extend(upwards.map(|name| format!("{path}, {table}: `{name}`")));
        }
    }
    none("adapters do not know who uses them", &breaches);
}

#[test]
fn features_of_serde_json_are_set_in_one_place() {
    let mut breaches = Vec::new();
    for (path, manifest) in manifests() {
        for (table, dependencies) in dependencies(&manifest) {
            let Some(dependency) = dependencies.get("serde_json") else {
                continue;
            };
            let is_plain = dependency.as_table().is_some_and(|settings| {
                settings.len() == 1 && settings.get("workspace").and_then(Value::as_bool) == Some(true)
            });
            if !is_plain {
                breaches.push(format!("{path}, {table}: {dependency}"));
            }
        }
    }
    none(
        "serde_json is taken as the workspace has it: its features change what the engine prints",
        &breaches,
    );
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let root = manifest(&repository().join("Cargo.toml"));
    let lint = root["workspace"]["lints"]["rust"]["unsafe_code"].as_str();
    assert_eq!(lint, Some("forbid"), "nothing here is unsafe");
    let lints = |manifest: &Table| {
        let table = manifest.get("lints").and_then(Value::as_table).cloned();
        table.is_some_and(|table| {
            table.len() == 1 && table.get("workspace").and_then(Value::as_bool) == Some(true)
        })
    };
    let others = manifests();
    // `fuzz` is a workspace of its own, because libFuzzer's macro makes a function that C calls.
    let is_member = |path: &str| !path.starts_with("fuzz/");
    let others = others
        .iter()
        .filter(|(path, manifest)| is_member(path) && !lints(manifest));
    none(
        "every crate takes the lints of the workspace, so that none has unsafe code",
        &others.map(|(path, _)| path.clone()).collect::<Vec<_>>(),
    );
}

#[test]
fn whatever_is_locked_is_from_the_registry_and_checked_by_a_sum() {
    let locked = manifest(&repository().join("Cargo.lock"));
    let packages = locked["package"].as_array().expect("a list");
    let ours: Vec<String> = manifests()
        .iter()
        .map(|(_, manifest)| manifest["package"]["name"].as_str().expect("a name").to_owned())
        .collect();
    let mut breaches = Vec::new();
    for package in packages {
        let text = |field: &str| package.get(field).and_then(Value::as_str).unwrap_or_default();
        let is_ours = text("source").is_empty() && ours.iter().any(|name| name == text("name"));
        let is_registered = text("source") == "registry+https://github.com/rust-lang/crates.io-index"
            && text("checksum").len() == 64;
        if !is_ours && !is_registered {
            breaches.push(format!("{}: `{}`", text("name"), text("source")));
        }
    }
    assert!(
        packages.len() > 100,
        "only {} packages were found",
        packages.len()
    );
    none("dependencies are of crates.io", &breaches);
}

#[test]
fn the_workspace_lists_every_package() {
    let root = manifest(&repository().join("Cargo.toml"));
    let list = |name: &str| -> Vec<String> {
        let members = root["workspace"][name].as_array().expect("a list");
        members
            .iter()
            .map(|member| member.as_str().expect("a folder").to_owned())
            .collect()
    };
    let mut breaches = Vec::new();
    for member in list("members").iter().chain(&list("default-members")) {
        if !repository().join(member).join("Cargo.toml").is_file() {
            breaches.push(format!("`{member}` is listed and not there"));
        }
    }
    for (path, _) in manifests() {
        let folder = path.strip_suffix("/Cargo.toml").unwrap_or(".").to_owned();
        // What is left out by name is a workspace of its own.
        let is_listed = list("members").contains(&folder) || list("exclude").contains(&folder);
        if folder != "." && !is_listed {
            breaches.push(format!("`{folder}` is there and not listed"));
        }
    }
    none(
        "members of the workspace exist, and every package is one",
        &breaches,
    );
}

#[test]
fn every_crate_opens_with_a_page_of_its_own() {
    let mut roots = Vec::new();
    for (path, _) in manifests() {
        let folder = repository().join(path.strip_suffix("Cargo.toml").unwrap_or_default());
        roots.extend([folder.join("src/lib.rs"), folder.join("src/main.rs")]);
        for (folder, is_test) in [(folder.join("src/bin"), false), (folder.join("tests"), true)] {
            let Ok(entries) = std::fs::read_dir(&folder) else {
                continue;
            };
            for entry in entries.flatten().map(|entry| entry.path()) {
                match entry.is_dir() {
                    true => roots.push(entry.join("main.rs")),
                    false => roots.extend(
                        (entry.extension().is_some_and(|ending| ending == "rs") || !is_test).then_some(entry),
                    ),
                }
            }
        }
    }
    roots.retain(|root| root.is_file());
    assert!(roots.len() > 20, "only {} crates were found", roots.len());
    let bare = roots.iter().filter(|root| !read(root).starts_with("//! "));
    none(
        "every crate opens with `//!`",
        &bare.map(|root| shown(root)).collect::<Vec<_>>(),
    );
}
