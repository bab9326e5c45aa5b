//! The command, run once: three pipes served at the same time, each bounded, all within the time.

use std::{
    io::{self, Read, Write},
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, sync_channel},
    thread,
    time::{Duration, Instant},
};

use reach_signing::SignError;
use rustix::process::{Pid, Signal, kill_process_group};

use super::{CommandSigner, MAX_SIGNER_ANSWER, MAX_SIGNER_SAID};

/// How often the end of the command is looked for, once it has answered.
const POLL: Duration = Duration::from_millis(5);
/// How long what it said is waited for after its end, should something else hold its standard error.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A command that runs, and what becomes of its pipes: each is served by a thread, so that none
/// waits for another.
struct Running {
    child: Child,
    /// Whether its end was taken note of; its number may be another's from then on.
    ended: bool,
    written: Receiver<io::Result<()>>,
    answered: Receiver<Vec<u8>>,
    said: Receiver<Vec<u8>>,
}

impl CommandSigner {
    /// What the command answers to `message`.
    pub(super) fn ask(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let deadline = Instant::now() + self.time;
        let mut running = self.start(message.to_vec()).map_err(|error| self.unreachable(&error))?;
        let answer = self.follow(&mut running, deadline);
        if answer.is_err() {
            running.end();
        }
        answer
    }

    fn start(&self, message: Vec<u8>) -> io::Result<Running> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear().envs(&self.inherited).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        match serve(&mut child, message) {
            Ok((written, answered, said)) => Ok(Running { child, ended: false, written, answered, said }),
            Err(error) => {
                kill(&mut child);
                Err(error)
            }
        }
    }

    fn follow(&self, running: &mut Running, deadline: Instant) -> Result<Vec<u8>, SignError> {
        let answer = within(&running.answered, deadline).ok_or_else(|| self.timeout())?;
        if answer.len() > MAX_SIGNER_ANSWER {
            return Err(SignError::TooLong { signer: self.program.clone(), limit: MAX_SIGNER_ANSWER });
        }
        let status = running.wait(deadline).map_err(|error| self.unreachable(&error))?;
        let status = status.ok_or_else(|| self.timeout())?;
        if !status.success() {
            return Err(self.refused(status, &running.last_words()));
        }
        match within(&running.written, deadline) {
            Some(Ok(())) => Ok(answer),
            Some(Err(_)) => Err(SignError::Unread { signer: self.program.clone() }),
            None => Err(self.timeout()),
        }
    }

    fn unreachable(&self, error: &io::Error) -> SignError {
        SignError::Unreachable { signer: self.program.clone(), reason: error.to_string() }
    }

    fn timeout(&self) -> SignError {
        SignError::Timeout { signer: self.program.clone(), seconds: self.time.as_secs() }
    }

    fn refused(&self, status: ExitStatus, said: &[u8]) -> SignError {
        let text = String::from_utf8_lossy(said);
        let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let said = if lines.is_empty() { "it said nothing".to_owned() } else { lines.join(" / ") };
        SignError::Refused { signer: self.program.clone(), status: status.to_string(), said }
    }
}

impl Running {
    /// How the command ended, or `None` if it has not by the deadline.
    fn wait(&mut self, deadline: Instant) -> io::Result<Option<ExitStatus>> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                self.ended = true;
                return Ok(Some(status));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            thread::sleep(POLL);
        }
    }

    fn last_words(&self) -> Vec<u8> {
        self.said.recv_timeout(LAST_WORDS).unwrap_or_default()
    }

    fn end(&mut self) {
        if !self.ended {
            kill(&mut self.child);
        }
    }
}

/// Kills the command and whatever it started in its group.
fn kill(child: &mut Child) {
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    // It may have left its group, and must not be waited for while it lives.
    let _ = child.kill();
    let _ = child.wait();
}

type Served = (Receiver<io::Result<()>>, Receiver<Vec<u8>>, Receiver<Vec<u8>>);

fn serve(child: &mut Child, message: Vec<u8>) -> io::Result<Served> {
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut stdin), Some(mut stdout), Some(mut stderr)) = pipes else {
        return Err(io::Error::other("it has no pipes"));
    };
    Ok((
        in_background(move || stdin.write_all(&message))?,
        in_background(move || beginning(&mut stdout, MAX_SIGNER_ANSWER + 1))?,
        in_background(move || {
            let said = beginning(&mut stderr, MAX_SIGNER_SAID);
            // Taken and dropped, so that it never waits for somebody to read it.
            let _ = io::copy(&mut stderr, &mut io::sink());
            said
        })?,
    ))
}

/// Runs `work` beside this thread. If it outlives the deadline, nobody waits for it: it ends with
/// the pipe.
fn in_background<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<Receiver<T>> {
    let (send, receive) = sync_channel(1);
    thread::Builder::new().spawn(move || send.send(work()))?;
    Ok(receive)
}

/// The first bytes, `limit` at most. A pipe that breaks has ended.
fn beginning(from: &mut dyn Read, limit: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = from.take(u64::try_from(limit).unwrap_or(u64::MAX)).read_to_end(&mut bytes);
    bytes
}

fn within<T>(receive: &Receiver<T>, deadline: Instant) -> Option<T> {
    receive.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
}
