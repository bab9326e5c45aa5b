//! Small scripts that sign, refuse, babble and hang.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, Instant},
};

use reach_signing::SigningKey;
use reach_types::Code;
use tempfile::TempDir;

use super::*;

const TYPE: &str = "application/vnd.in-toto+json";

/// A directory with a key, and the signature of one message under it in `sig` and `sig.b64`.
struct Bench {
    dir: TempDir,
    message: Message,
    signature: Signature,
}

impl Bench {
    fn new(payload: &[u8]) -> Self {
        let dir = TempDir::new().unwrap();
        let key = SigningKey::from_seed(Role::Pack, &[7; 32]).unwrap();
        let message = Message::dsse(TYPE, payload);
        let signature = key.sign(&message).unwrap();
        let public = dir.path().join("key.pub.pem");
        fs::write(&public, key.public_key().to_pem().unwrap()).unwrap();
        // Whatever the umask is.
        fs::set_permissions(&public, fs::Permissions::from_mode(0o644)).unwrap();
        fs::write(dir.path().join("sig"), signature.0).unwrap();
        fs::write(dir.path().join("sig.b64"), BASE64.encode(&signature.0)).unwrap();
        Self { dir, message, signature }
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    fn signer(&self, command: &str, time: Duration) -> CommandSigner {
        let spec = CommandSpec::parse(&format!("{}={command}", self.path("key.pub.pem"))).unwrap();
        let variables = [("PATH", "/usr/local/bin:/usr/bin:/bin"), ("HOME", "/nowhere"), ("SECRET", "x")];
        let environment = Environment::parse(&variables.map(|(name, value)| (name.into(), value.into())).into());
        CommandSigner { time, ..CommandSigner::new(&spec, Role::Pack, &environment.unwrap()).unwrap() }
    }

    /// A signer that runs the script by name, so that it need not be executable.
    fn scripted(&self, text: &str) -> CommandSigner {
        let path = self.path("sign.sh");
        fs::write(&path, format!("cd '{}'\n{text}\n", self.path(""))).unwrap();
        self.signer(&format!("sh '{path}'"), Duration::from_secs(20))
    }

    fn error(&self, text: &str) -> SignError {
        self.scripted(text).sign(&self.message).unwrap_err()
    }

    fn code(&self, text: &str) -> &'static str {
        match self.scripted(text).sign(&self.message) {
            Ok(signature) => {
                assert_eq!(signature, self.signature);
                "ok"
            }
            Err(error) => error.code(),
        }
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.dir.path().join(name)).unwrap()
    }
}

#[test]
fn a_command_reads_the_message_and_answers_raw_or_in_base64() {
    let bench = Bench::new(b"payload");
    assert_eq!(bench.code("cat > got; cat sig"), "ok");
    assert_eq!(bench.read("got"), bench.message.as_bytes());
    assert_eq!(bench.code("cat > got; cat sig.b64"), "ok");
    assert_eq!(bench.code("cat > got; cat sig.b64; echo"), "ok");
    assert_eq!(bench.code("cat > got; cat sig.b64; printf '\\r\\n'"), "ok");
    assert_eq!(bench.code("cat > got; echo warning >&2; cat sig"), "ok");
}

#[test]
fn other_answers_are_no_signature() {
    let bench = Bench::new(b"payload");
    for answer in ["true", "head -c 63 sig", "cat sig; echo", "echo; cat sig.b64", "cat sig.b64; echo; echo", "echo no"]
    {
        assert_eq!(bench.code(&format!("cat > got; {answer}")), "sign.signer_no_signature", "{answer}");
    }
    assert_eq!(bench.code("cat > got; head -c 90 /dev/zero"), "sign.signer_no_signature");
    assert_eq!(bench.code("cat > got; head -c 91 /dev/zero"), "sign.signer_too_long");
    assert_eq!(bench.code("cat > got; cat /dev/zero"), "sign.signer_too_long");
}

#[test]
fn a_command_that_is_not_there_or_may_not_be_run() {
    let bench = Bench::new(b"payload");
    let code = |command: &str| bench.signer(command, MAX_SIGNER_TIME).sign(&bench.message).unwrap_err().code();
    assert_eq!(code("reach-no-such-signer"), "sign.signer_unreachable");
    assert_eq!(code("./no/such/signer"), "sign.signer_unreachable");
    let plain = bench.path("plain");
    fs::write(&plain, "#!/bin/sh\n").unwrap();
    fs::set_permissions(Path::new(&plain), fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(code(&format!("'{plain}'")), "sign.signer_unreachable");
}

#[test]
fn what_a_refusing_command_says_is_passed_on_and_cut() {
    let bench = Bench::new(b"payload");
    let refused = bench.error("cat sig; echo 'no token' >&2; echo ' in slot 1 ' >&2; exit 3");
    assert_eq!(refused.code(), "sign.signer_refused");
    assert_eq!(refused.to_string(), "the signer `sh` refused (exit status: 3): no token / in slot 1");
    // More than a pipe holds: nothing waits for it to be read.
    let long = bench.error("yes loud | head -c 300000 >&2; exit 1");
    let SignError::Refused { said, .. } = &long else { panic!("{long}") };
    assert!(said.starts_with("loud / loud") && said.len() < 2 * MAX_SIGNER_SAID, "{}", said.len());
    let silent = bench.error("exit 1");
    assert_eq!(silent.to_string(), "the signer `sh` refused (exit status: 1): it said nothing");
    assert_eq!(bench.code("cat > got; cat sig; kill -TERM $$"), "sign.signer_refused");
}

#[test]
fn a_command_that_hangs_is_killed_with_all_it_started() {
    let bench = Bench::new(b"payload");
    for script in [
        "sleep 60 & echo $! > pid; wait",
        "sleep 60 & echo $! > pid; cat sig",
        "cat sig; exec >&-; sleep 60 & echo $! > pid; wait",
    ] {
        fs::write(bench.path("hang.sh"), format!("cd '{}'; cat > got; {script}", bench.path(""))).unwrap();
        let signer = bench.signer(&format!("sh '{}'", bench.path("hang.sh")), Duration::from_secs(1));
        let start = Instant::now();
        assert_eq!(signer.sign(&bench.message).unwrap_err().code(), "sign.signer_timeout", "{script}");
        assert!(start.elapsed() < Duration::from_secs(10), "{script}");
        let pid = String::from_utf8(bench.read("pid")).unwrap();
        assert!(gone(pid.trim()), "{script}");
    }
}

#[test]
fn what_a_command_leaves_behind_is_killed_however_it_ends() {
    let bench = Bench::new(b"payload");
    for (end, code) in [("cat sig", "ok"), ("cat sig; exit 3", "sign.signer_refused"), ("true", NO_SIGNATURE)] {
        // With the command's standard output it would be waited for.
        for holds in [">&-", ">/dev/null", ">/dev/null 2>&1 <&-"] {
            let script = format!("cat > got; sleep 60 {holds} & echo $! > pid; {end}");
            let start = Instant::now();
            assert_eq!(bench.code(&script), code, "{script}");
            assert!(start.elapsed() < Duration::from_secs(10), "{script}");
            let pid = String::from_utf8(bench.read("pid")).unwrap();
            assert!(gone(pid.trim()), "{script}");
        }
    }
}

#[test]
fn what_leaves_the_group_holds_nothing_up_and_leaves_no_thread() {
    let bench = Bench::new(b"payload");
    let hold = "cat > got; setsid sleep 5 >/dev/null & echo $! > pid; sleep 0.1";
    for (end, code) in [("cat sig", "ok"), ("echo no token >&2; exit 3", "sign.signer_refused")] {
        let start = Instant::now();
        assert_eq!(bench.code(&format!("{hold}; {end}")), code);
        assert!(start.elapsed() < Duration::from_secs(4), "{end}");
        // Only the command's pipes were ours, and they are closed: whatever still writes to them fails.
        let pid = String::from_utf8(bench.read("pid")).unwrap();
        let held = fs::read_link(format!("/proc/{}/fd/2", pid.trim())).unwrap();
        let ours = fs::read_dir("/proc/self/fd").unwrap().filter_map(|fd| fs::read_link(fd.unwrap().path()).ok());
        assert!(held.to_str().unwrap().starts_with("pipe:"), "{held:?}");
        assert!(!ours.into_iter().any(|path| path == held), "{end}");
    }
}

const NO_SIGNATURE: &str = "sign.signer_no_signature";

/// Whether the process has ended, or does within a moment; one that nobody waits for is a zombie.
fn gone(pid: &str) -> bool {
    (0..200).any(|_| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let ended = stat.is_empty() || stat.contains(") Z ");
        if !ended {
            std::thread::sleep(Duration::from_millis(10));
        }
        ended
    })
}

#[test]
fn pipes_are_served_at_the_same_time() {
    // More than a pipe holds, so that each of these would wait for ever on one that is not served.
    let bench = Bench::new(&vec![b'x'; 1 << 20]);
    assert_eq!(bench.code("cat sig; cat > got"), "ok");
    assert_eq!(bench.code("yes | head -c 300000 >&2; cat > got; cat sig"), "ok");
    assert_eq!(bench.read("got"), bench.message.as_bytes());
    assert_eq!(bench.code("exec <&-; sleep 0.2; cat sig"), "sign.signer_unread");
    assert_eq!(bench.code("head -c 10 > got; cat sig"), "sign.signer_unread");
    assert_eq!(bench.code("exec <&-; exit 4"), "sign.signer_refused");
}

#[test]
fn a_command_gets_path_and_home_and_nothing_else() {
    let bench = Bench::new(b"payload");
    assert_eq!(bench.code("cat > got; tr '\\0' '\\n' < /proc/$$/environ | sort > env; cat sig"), "ok");
    assert_eq!(bench.read("env"), b"HOME=/nowhere\nPATH=/usr/local/bin:/usr/bin:/bin\n");
}

#[test]
fn a_command_signs_only_what_its_role_may() {
    let bench = Bench::new(b"payload");
    let signer = bench.signer("reach-no-such-signer", MAX_SIGNER_TIME);
    let link = Message::dsse("application/vnd.reach.mesh.link.v1", b"x");
    assert_eq!(signer.sign(&link).unwrap_err().code(), "sign.role_mismatch");
}

#[test]
fn a_command_is_named_by_its_public_key_first() {
    let code = |text: &str| CommandSpec::parse(text).map_or_else(|error| error.code(), |_| "ok");
    assert_eq!(code("k.pub.pem=sign"), "ok");
    let spec = CommandSpec::parse("k.pub.pem=./sign --key=1 'a b'").unwrap();
    assert_eq!((spec.public.as_path(), spec.program.as_str()), (Path::new("k.pub.pem"), "./sign"));
    assert_eq!(spec.arguments, ["--key=1", "a b"]);
    for bad in ["", "k.pub.pem", "k.pub.pem=", "k.pub.pem=  ", "=sign", "k.pub.pem=''"] {
        assert_eq!(code(bad), "key.signer_form", "{bad}");
    }
    assert_eq!(code("k.pub.pem=a | b"), "key.signer_shell");
}
