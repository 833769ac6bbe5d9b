//! Markdown pages.

use super::{files, none, read, shown};

/// Returns the targets of the links of a page; code is left out.
fn links(page: &str) -> Vec<String> {
    let mut links = Vec::new();
    let mut is_code = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            // Text between backticks shows a link instead of being one; a link's own text may be in them.
            let targets = line.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
            links.extend(targets.map(|(target, _)| target.to_owned()));
        }
    }
    links
}

/// Returns the anchors of a page: its headings as GitHub writes them.
fn anchors(page: &str) -> Vec<String> {
    let headings = page
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim());
    let anchor = |heading: &str| -> String {
        let kept = heading
            .chars()
            .filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut breaches = Vec::new();
    for page in files(".md") {
        for link in links(&read(&page)) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() {
                page.clone()
            } else {
                page.with_file_name("").join(path)
            };
            let leads = target.exists()
                && (anchor.is_empty() || anchors(&read(&target)).iter().any(|known| known == anchor));
            if !leads {
                breaches.push(format!("{}: {link}", shown(&page)));
            }
        }
    }
    none("links in Markdown resolve", &breaches);
}

#[test]
fn links_are_found() {
    let page = "# A b, `c`\n[x](y.md#a-b-c) [`z`](../z)\n```\n[no](link)\n```\n";
    assert_eq!(links(page), ["y.md#a-b-c", "../z"]);
    assert_eq!(anchors(page), ["a-b-c"]);
}
