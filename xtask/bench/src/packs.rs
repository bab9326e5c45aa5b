//! `reach pack verify` as a whole process, against what people would use instead.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use ring::digest::{Context, SHA256};

use crate::process::{ProcessPair, Program};

/// The word under which this program hashes one file with SHA-256 and does nothing else.
pub const SHA256_ALONE: &str = "--sha256";

/// The names of the pairs, whether or not the other program is installed.
pub const NAMES: [&str; 7] = [
    "pack.large",
    "pack.large_model_signing",
    "pack.many",
    "pack.many_model_signing",
    "pack.tiny",
    "pack.tiny_minisign",
    "pack.bad_signature",
];

const MANIFEST: &str = r#"schema = "reach-pack/1"
name = "bench"
version = "1.0.0"
deterministic = true
spec = { version = "1.0.0", floor = "1.0.0" }
tools = { "fs.list" = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" }
graph = { start = "list", max_steps = 1, nodes = [{ id = "list", tool = "fs.list" }] }
"#;

/// What stands ready to be verified, in a directory of its own that is removed in the end: it takes
/// two gigabytes.
pub struct Fixtures {
    directory: PathBuf,
    reach: PathBuf,
}

impl Drop for Fixtures {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

type Made<T> = Result<T, Box<dyn std::error::Error>>;

impl Fixtures {
    /// Builds the `reach` of this checkout for release, and three packs: one file of 1 GiB, 10,000
    /// files of 4 KiB, and next to nothing.
    pub fn make() -> Made<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
        run(Command::new("cargo").args(["build", "--release", "--quiet", "-p", "reach-cli"]).current_dir(&root))?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let directory = target.join("bench-packs");
        if directory.exists() {
            fs::remove_dir_all(&directory)?;
        }
        fs::create_dir_all(&directory)?;
        let made = Self { directory, reach: target.join("release/reach").canonicalize()? };
        made.keys()?;
        for (name, files, size) in [("large", 1, 1 << 30), ("many", 10_000, 4096), ("tiny", 1, 16)] {
            made.pack(name, files, size)?;
        }
        Ok(made)
    }

    fn reach(&self, words: &str) -> Made<()> {
        run(Command::new(&self.reach).args(words.split(' ')).current_dir(&self.directory))
    }

    fn keys(&self) -> Made<()> {
        self.reach("key generate --role root --out root.pem")?;
        self.reach("key generate --role pack --out pack.pem")?;
        self.reach("trust init --root root.pem --signer bench=pack.pub.pem:pack --out trust.dsse.json")
    }

    fn pack(&self, name: &str, files: usize, size: usize) -> Made<()> {
        let tree = self.directory.join(name);
        fs::create_dir(&tree)?;
        fs::write(tree.join("pack.toml"), MANIFEST)?;
        let mut noise = Noise(files as u64);
        for index in 0..files {
            let folder = tree.join(format!("d{:02}", index / 100));
            fs::create_dir_all(&folder)?;
            noise.fill(&folder.join(format!("f{index:05}.bin")), size)?;
        }
        self.reach(&format!("pack build {name} --out {name}.reachpack"))?;
        self.reach(&format!("pack sign {name}.reachpack --key pack.pem"))
    }

    fn program(&self, words: Vec<OsString>) -> Program {
        Program { words, directory: self.directory.clone() }
    }

    fn verify(&self, name: &str) -> Program {
        let mut words = vec![self.reach.clone().into_os_string()];
        words.extend(["pack", "verify"].map(OsString::from));
        words.push(format!("{name}.reachpack").into());
        words.extend(["--trust", "trust.dsse.json"].map(OsString::from));
        self.program(words)
    }

    fn words(&self, text: &str) -> Program {
        self.program(text.split(' ').map(OsString::from).collect())
    }

    fn sha256(&self, file: &str) -> Made<Program> {
        Ok(self.program(vec![std::env::current_exe()?.into(), SHA256_ALONE.into(), file.into()]))
    }

    /// The pairs that can be measured here, and what the others lack.
    pub fn pairs(&self) -> Made<(Vec<ProcessPair>, Vec<String>)> {
        let sorted = "find many -type f -print0 | sort -z | xargs -0 sha256sum";
        let mut pairs = vec![
            ProcessPair {
                name: NAMES[0],
                about: "pack of one 1 GiB file, against SHA-256 alone over the archive",
                wanted: "≤ 1.10, 16 MiB",
                ours: self.verify("large"),
                base: self.sha256("large.reachpack")?,
            },
            ProcessPair {
                name: NAMES[2],
                about: "pack of 10,000 files of 4 KiB, against find, sort and sha256sum",
                wanted: "≤ 0.35, 16 MiB",
                ours: self.verify("many"),
                base: self.program(["sh", "-c", sorted].map(OsString::from).to_vec()),
            },
            ProcessPair {
                name: NAMES[4],
                about: "tiny pack, against a process that does nothing (`true`)",
                wanted: "ours ≤ 10 ms, 16 MiB",
                ours: self.verify("tiny"),
                base: self.words("true"),
            },
        ];
        pairs.push(self.bad_signature()?);
        let (more, missing) = self.peers()?;
        pairs.extend(more);
        Ok((pairs, missing))
    }

    /// The 1 GiB pack with a bad signature against the tiny one with a good one: if the archive
    /// were read first, it would take hundreds of times as long.
    fn bad_signature(&self) -> Made<ProcessPair> {
        let envelope = fs::read_to_string(self.directory.join("tiny.reachpack.dsse.json"))?;
        let at = envelope.find("\"sig\":\"").ok_or("an envelope without signature")? + 7;
        let other = if envelope[at..].starts_with('A') { "B" } else { "A" };
        fs::write(self.directory.join("bad.dsse.json"), format!("{}{other}{}", &envelope[..at], &envelope[at + 1..]))?;
        let verify = format!(
            "{} pack verify large.reachpack --trust trust.dsse.json --signature bad.dsse.json; test $? -eq 1",
            self.reach.display()
        );
        Ok(ProcessPair {
            name: NAMES[6],
            about: "1 GiB pack with a bad signature refused, against the tiny pack verified",
            wanted: "the file is not read",
            ours: self.program(vec!["sh".into(), "-c".into(), verify.into()]),
            base: self.verify("tiny"),
        })
    }

    /// The programs that may not be installed.
    fn peers(&self) -> Made<(Vec<ProcessPair>, Vec<String>)> {
        let (mut pairs, mut missing) = (Vec::new(), Vec::new());
        match self.model_signing() {
            Ok(found) => pairs.extend(found),
            Err(error) => missing.push(format!("model_signing ({error})")),
        }
        match self.minisign() {
            Ok(found) => pairs.push(found),
            Err(error) => missing.push(format!("minisign ({error})")),
        }
        Ok((pairs, missing))
    }

    fn model_signing(&self) -> Made<[ProcessPair; 2]> {
        let key = "ecparam -name prime256v1 -genkey -noout -out model.pem";
        run(Command::new("openssl").args(key.split(' ')).current_dir(&self.directory))?;
        let public = "ec -in model.pem -pubout -out model.pub";
        run(Command::new("openssl").args(public.split(' ')).current_dir(&self.directory))?;
        let verify = |name: &str| -> Made<Program> {
            let sign = format!("sign key --private_key model.pem --signature {name}.sig {name}");
            run(Command::new("model_signing").args(sign.split(' ')).current_dir(&self.directory))?;
            Ok(self.words(&format!("model_signing verify key --public_key model.pub --signature {name}.sig {name}")))
        };
        Ok([
            ProcessPair {
                name: NAMES[1],
                about: "pack of one 1 GiB file, against `model_signing verify` on all cores",
                wanted: "none stated",
                ours: self.verify("large"),
                base: verify("large")?,
            },
            ProcessPair {
                name: NAMES[3],
                about: "pack of 10,000 files of 4 KiB, against `model_signing verify` on all cores",
                wanted: "≤ 0.10",
                ours: self.verify("many"),
                base: verify("many")?,
            },
        ])
    }

    fn minisign(&self) -> Made<ProcessPair> {
        run(Command::new("minisign").args("-G -W -p mini.pub -s mini.key".split(' ')).current_dir(&self.directory))?;
        run(Command::new("minisign").args("-S -s mini.key -m tiny.reachpack".split(' ')).current_dir(&self.directory))?;
        Ok(ProcessPair {
            name: NAMES[5],
            about: "tiny pack, against `minisign -V`",
            wanted: "none stated",
            ours: self.verify("tiny"),
            base: self.words("minisign -V -q -p mini.pub -m tiny.reachpack"),
        })
    }
}

fn run(command: &mut Command) -> Made<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim()).into())
}

/// Bytes that do not compress, from a generator that needs no seed of the machine's (xorshift64*).
struct Noise(u64);

impl Noise {
    fn fill(&mut self, path: &Path, size: usize) -> io::Result<()> {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        for _ in 0..size / 8 {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            file.write_all(&self.0.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes())?;
        }
        file.flush()
    }
}

/// Hashes one file and prints its digest: the hardware limit that verification is held against.
pub fn sha256_alone(path: &Path) -> io::Result<()> {
    let mut file = File::open(path)?;
    let (mut context, mut buffer) = (Context::new(&SHA256), vec![0; 256 * 1024]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            println!("{:?}", context.finish());
            return Ok(());
        }
        context.update(&buffer[..read]);
    }
}
