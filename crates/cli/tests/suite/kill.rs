//! `kill -9` at any moment: nothing acknowledged is lost, and the next command says what it found.

use std::{
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};

use crate::support::{Demo, reach};

/// Starts a real process that runs the pack, and kills it after `delay`.
fn start_and_kill(demo: &Demo, delay: Duration) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_reach"))
        .args(demo.run_words(&demo.path("inventory.reachpack"), &demo.path("policy.reachpolicy")))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    sleep(delay);
    // It may have ended by itself.
    let _ = child.kill();
    child.wait().unwrap();
}

fn checkpoint_size(demo: &Demo) -> u64 {
    let note = reach(&["audit", "checkpoint", "--state", &demo.path("state")]).json();
    note["checkpoint"].as_str().unwrap().lines().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a14_a_run_killed_at_any_moment_loses_nothing_that_was_acknowledged() {
    let demo = Demo::new();
    let (state, trust) = (demo.path("state"), demo.path("trust.dsse.json"));
    let mut entries = 0;
    let mut found = 0;
    for attempt in 0..40u64 {
        start_and_kill(&demo, Duration::from_millis(attempt * 3));
        let status = reach(&["status", "--state", &state]);
        assert_eq!(status.exit, 0, "attempt {attempt}: {}", status.err);
        found += status.json()["unfinished_runs"].as_array().unwrap().len();
        let audit = reach(&["audit", "verify", "--state", &state, "--trust", &trust]);
        assert_eq!(audit.exit, 0, "attempt {attempt}: {}{}", audit.out, audit.err);
        let now = audit.json()["entries"].as_u64().unwrap();
        assert!(now >= entries && now >= checkpoint_size(&demo), "attempt {attempt}: {now} after {entries}");
        entries = now;
    }
    assert!(found > 0, "no run was ever caught in the middle");
    let last = demo.run_again();
    assert_eq!(last.exit, 0, "{}", last.err);
    let status = reach(&["status", "--state", &state]).json();
    assert_eq!(status["unfinished_runs"], serde_json::json!([]), "what was found is recorded");
}

#[test]
fn an_init_killed_just_before_its_end_can_be_done_again() {
    let demo = Demo::new();
    let (state, anchor, trust) = (demo.beside("st"), demo.beside("an"), demo.path("trust.dsse.json"));
    let words = ["init", "--state", &state, "--origin", "example.org/x", "--trust", &trust, "--anchor", &anchor];
    assert_eq!(reach(&words).exit, 0);
    // As if the process had been gone between the anchor and the directory's last move.
    std::fs::rename(&state, demo.beside(".st.4294967295.init")).unwrap();
    let again = reach(&words);
    assert_eq!(again.exit, 0, "{}", again.err);
    assert!(!std::path::Path::new(&demo.beside(".st.4294967295.init")).exists());
    assert_eq!(reach(&["status", "--state", &state]).exit, 0);
    // An anchor that no such leftover names is somebody's, and stays.
    std::fs::rename(&state, demo.beside("moved")).unwrap();
    assert_eq!(reach(&words).code(), "state.exists");
}
