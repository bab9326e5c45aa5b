//! Which way each change goes, each beside the nearest one that goes the other way.

use super::*;
use crate::testing::{MANIFEST, archive, pack};

fn view(archive: &[u8]) -> PackView {
    view_archive(archive).unwrap()
}

fn with(manifest: &str) -> PackView {
    view(&crate::testing::pack_with(manifest))
}

/// The changes from the good manifest to the one with this edit, without their texts.
fn changed(from: &str, to: &str) -> Vec<(Direction, Aspect, String)> {
    let edited = MANIFEST.replacen(from, to, 1);
    assert_ne!(edited, MANIFEST, "{from}");
    short(&diff_packs(&with(MANIFEST), &with(&edited)))
}

fn short(diff: &Diff) -> Vec<(Direction, Aspect, String)> {
    diff.changes.iter().map(|change| (change.direction, change.aspect, change.subject.clone())).collect()
}

fn one(direction: Direction, aspect: Aspect, subject: &str) -> Vec<(Direction, Aspect, String)> {
    vec![(direction, aspect, subject.to_owned())]
}

/// That the edit is one change of this direction, and its reverse one of the other.
fn both_ways(from: &str, to: &str, aspect: Aspect, subject: &str) {
    assert_eq!(changed(from, to), one(Direction::Widened, aspect, subject), "{to}");
    let edited = with(&MANIFEST.replacen(from, to, 1));
    let back = short(&diff_packs(&edited, &with(MANIFEST)));
    assert_eq!(back, one(Direction::Narrowed, aspect, subject), "back from {to}");
}

use Direction::{Changed, Narrowed, Widened};

#[test]
fn what_gives_more_widens_and_its_reverse_narrows() {
    let digest = "89abcdef".repeat(8);
    both_ways("[tools]\n", &format!("[tools]\n\"net.get\" = \"{digest}\"\n"), Aspect::Tool, "net.get");
    both_ways("\"workspace:read\", \"o", "\"workspace:read\", \"net:get\", \"o", Aspect::Scope, "net:get");
    both_ways("[models]\n", "[models]\ncritic = \"acme.small-1\"\n", Aspect::Model, "critic");
    both_ways("deterministic = true", "deterministic = false", Aspect::Determinism, "deterministic");
    both_ways("max_steps = 16", "max_steps = 17", Aspect::Graph, "max_steps");
    let feature = "[[spec.features]]\nid = \"pack.extra\"\nmin = 1\nmax = 1\ncritical = false\n[graph]";
    both_ways("[graph]", feature, Aspect::Feature, "pack.extra");
    both_ways("max = 1", "max = 2", Aspect::Feature, "pack.ustar");
}

#[test]
fn a_scope_that_was_covered_is_no_change() {
    let covered = changed("\"output:*\"]", "\"output:*\", \"output:report\"]");
    assert_eq!(covered, one(Changed, Aspect::File, "pack.toml"), "only the manifest's spelling");
    let wider = changed("\"output:*\"", "\"output:*\", \"workspace:*\"");
    assert_eq!(wider, one(Widened, Aspect::Scope, "workspace:*"));
    let narrower = changed("\"output:*\"", "\"output:report\"");
    assert_eq!(narrower, one(Narrowed, Aspect::Scope, "output:*"));
    let sibling = changed("\"output:*\"", "\"outputs:*\"");
    let expected = [one(Widened, Aspect::Scope, "outputs:*"), one(Narrowed, Aspect::Scope, "output:*")].concat();
    assert_eq!(sibling, expected);
}

#[test]
fn what_says_nothing_of_rights_is_changed() {
    assert_eq!(changed("version = \"1.0.0\"", "version = \"1.0.1\""), one(Changed, Aspect::Version, "version"));
    assert_eq!(changed("\"inventory\"", "\"stock\""), one(Changed, Aspect::Name, "name"));
    assert_eq!(changed("Lists a", "Lists the"), one(Changed, Aspect::Description, "description"));
    assert_eq!(changed("{ path = \".\" }", "{ path = \"a\" }"), one(Changed, Aspect::Node, "list"));
    assert_eq!(changed("[tools]", "# nothing\n[tools]"), one(Changed, Aspect::File, "pack.toml"));
}

#[test]
fn a_pack_that_asks_less_of_the_node_widens() {
    let floor = |to: &str| changed("floor = \"1.0.0\"", &format!("floor = \"{to}\""));
    assert_eq!(floor("0.9.0"), one(Widened, Aspect::Spec, "floor"));
    assert_eq!(floor("1.0.1"), one(Narrowed, Aspect::Spec, "floor"));
    assert_eq!(floor("soon"), one(Widened, Aspect::Spec, "floor"), "what cannot be compared could be wrong");
    assert_eq!(changed("critical = true", "critical = false"), one(Widened, Aspect::Feature, "pack.ustar"));
    let loose = MANIFEST.replace("critical = true", "critical = false");
    assert_eq!(short(&diff_packs(&with(&loose), &with(MANIFEST))), one(Narrowed, Aspect::Feature, "pack.ustar"));
}

#[test]
fn a_model_is_new_by_what_it_is() {
    assert_eq!(changed("acme.large-1", "acme.large-2"), one(Widened, Aspect::Model, "planner"));
    let two = "[models]\ncritic = \"acme.small-1\"\n";
    let (old, new) = (MANIFEST.replace("[models]\n", two), MANIFEST.replace("[models]\n", two));
    let swapped = new.replace("planner = \"acme.large-1\"", "planner = \"acme.small-1\"");
    assert_eq!(short(&diff_packs(&with(&old), &with(&swapped))), one(Changed, Aspect::Model, "planner"));
}

#[test]
fn a_tool_with_another_definition_needs_approval_though_nothing_widened() {
    let edited = MANIFEST.replace("= \"0123", "= \"1123");
    let diff = diff_packs(&with(MANIFEST), &with(&edited));
    assert_eq!(short(&diff), one(Changed, Aspect::ToolDefinition, "fs.list"));
    assert_eq!(diff.verdict(), DiffVerdict::Changed);
    assert_eq!(diff.unapproved().count(), 1);
    let described = diff_packs(&with(MANIFEST), &with(&MANIFEST.replace("Lists a", "Lists the")));
    assert_eq!(described.unapproved().count(), 0);
}

#[test]
fn files_by_content_and_exec_bit() {
    let toml = ("pack.toml", false, MANIFEST.as_bytes());
    let readme = ("README.md", false, &b"Read me.\n"[..]);
    let old = view(&pack());
    let of = |files: &[crate::testing::File]| short(&diff_packs(&old, &view(&archive(files))));
    assert_eq!(of(&[toml, readme]), []);
    assert_eq!(of(&[toml, ("README.md", false, b"Read us.\n")]), one(Changed, Aspect::File, "README.md"));
    assert_eq!(of(&[toml, ("README.md", true, b"Read me.\n")]), one(Widened, Aspect::File, "README.md"));
    assert_eq!(of(&[toml, readme, ("a.txt", false, b"")]), one(Changed, Aspect::File, "a.txt"));
    assert_eq!(of(&[toml, readme, ("a.sh", true, b"")]), one(Widened, Aspect::File, "a.sh"));
    let with_script = view(&archive(&[toml, readme, ("a.sh", true, b"1")]));
    assert_eq!(short(&diff_packs(&with_script, &old)), one(Narrowed, Aspect::File, "a.sh"));
    let swapped = view(&archive(&[toml, readme, ("a.sh", true, b"2")]));
    assert_eq!(short(&diff_packs(&with_script, &swapped)), one(Widened, Aspect::File, "a.sh"));
    let off = view(&archive(&[toml, readme, ("a.sh", false, b"1")]));
    assert_eq!(short(&diff_packs(&with_script, &off)), one(Narrowed, Aspect::File, "a.sh"));
    let rewritten = view(&archive(&[toml, readme, ("a.sh", false, b"2")]));
    assert_eq!(short(&diff_packs(&with_script, &rewritten)), one(Changed, Aspect::File, "a.sh"));
}

#[test]
fn the_verdict_is_that_of_the_widest_change() {
    let diff = |to: &str| diff_packs(&with(MANIFEST), &with(to)).verdict();
    assert_eq!(diff(MANIFEST), DiffVerdict::Equal);
    let narrowed = MANIFEST.replace("max_steps = 16", "max_steps = 9");
    assert_eq!(diff(&narrowed), DiffVerdict::Narrowed);
    let changed = narrowed.replace("Lists", "Drops");
    assert_eq!(diff(&changed), DiffVerdict::Changed);
    assert_eq!(diff(&changed.replace("deterministic = true", "deterministic = false")), DiffVerdict::Widened);
}

#[test]
fn k43_k46_only_a_well_formed_pack_is_compared() {
    use reach_types::Code;
    let code = |archive: &[u8]| view_archive(archive).map_or_else(|error| error.code(), |_| "ok");
    assert_eq!(code(&pack()), "ok");
    assert_eq!(code(b""), "pack.trailing_data");
    assert_eq!(code(&[pack(), vec![0]].concat()), "pack.trailing_data");
    assert_eq!(code(&archive(&[("a", false, b"")])), "pack.no_manifest");
    assert_eq!(code(&archive(&[("pack.toml", false, MANIFEST.as_bytes())])), "pack.missing_file");
}
