//! Command lines run in this process, and a small quickstart to attack.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use reach_cli::{Terminal, run};
use reach_runner::{Environment, FixedClock, World};
use reach_types::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

/// What one command line came to.
pub(crate) struct Answer {
    pub(crate) exit: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Answer {
    /// The one JSON object on standard output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or("ok").to_owned()
    }
}

/// Runs `reach` with `words` as a machine would.
pub(crate) fn reach(words: &[&str]) -> Answer {
    answer(words, World::system(Environment::default()))
}

/// As [`reach`], with the clock `seconds` ahead of the real one, or behind it.
pub(crate) fn reach_shifted(words: &[&str], seconds: i64) -> Answer {
    let system = World::system(Environment::default());
    let now = system.now().as_millis().checked_add_signed(seconds * 1000).unwrap();
    answer(words, World { clock: Box::new(FixedClock(Timestamp::from_millis(now))), ..system })
}

/// As [`reach`], with the clock at `now`.
pub(crate) fn reach_at(words: &[&str], now: Timestamp) -> Answer {
    answer(words, World { clock: Box::new(FixedClock(now)), ..World::system(Environment::default()) })
}

/// As [`reach`], under these switches.
pub(crate) fn reach_under(words: &[&str], environment: Environment) -> Answer {
    answer(words, World::system(environment))
}

fn answer(words: &[&str], world: World) -> Answer {
    let words = ["reach", "--json"].iter().chain(words).map(OsString::from);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = run(words, world, &mut Terminal::new(&mut out, &mut err, false));
    Answer { exit, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

/// A finished quickstart over a workspace of a few files.
pub(crate) struct Demo {
    root: TempDir,
}

impl Demo {
    pub(crate) fn new() -> Self {
        let root = TempDir::new().unwrap();
        let workspace = root.path().join("tree");
        fs::create_dir(&workspace).unwrap();
        fs::write(workspace.join("a.txt"), "hello\n").unwrap();
        let demo = Self { root };
        let answer = reach(&["quickstart", &demo.path(""), "--workspace", workspace.to_str().unwrap()]);
        assert_eq!(answer.exit, 0, "{}{}", answer.out, answer.err);
        demo
    }

    /// A path in the quickstart's directory.
    pub(crate) fn path(&self, name: &str) -> String {
        self.dir().join(name).to_str().unwrap().trim_end_matches('/').to_owned()
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.root.path().join("demo")
    }

    /// A path beside the quickstart's directory.
    pub(crate) fn beside(&self, name: &str) -> String {
        self.root.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.dir().join(name)).unwrap()
    }

    /// The words that run `pack` under `policy` on the first node, over the keys' directory.
    pub(crate) fn run_words(&self, pack: &str, policy: &str) -> Vec<String> {
        let (trust, state, tree) = (self.path("trust.dsse.json"), self.path("state"), self.path("keys"));
        ["run", pack, "--policy", policy, "--trust", &trust, "--state", &state, "--workspace", &tree]
            .map(str::to_owned)
            .to_vec()
    }

    /// Runs `pack` under `policy` on the first node.
    pub(crate) fn run(&self, pack: &str, policy: &str) -> Answer {
        let words = self.run_words(pack, policy);
        reach(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Runs the quickstart's own pack once more.
    pub(crate) fn run_again(&self) -> Answer {
        self.run(&self.path("inventory.reachpack"), &self.path("policy.reachpolicy"))
    }

    /// The trust root that the state directory pins.
    pub(crate) fn trust_root(&self) -> String {
        let shown = reach(&["trust", "show", &self.path("trust.dsse.json")]);
        shown.json()["trust_root_digest"].as_str().unwrap().to_owned()
    }
}

/// Every file below `dir`, for seeing that nothing was left behind.
pub(crate) fn listing(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(listing(&path));
        }
        found.push(path);
    }
    found.sort();
    found
}
