//! One target: inputs made, checked, timed; what fails is made smaller and kept.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::memory::Memory;
use crate::rng::Rng;

/// What is fuzzed.
pub(crate) struct Target {
    /// Its name: of the corpus's directory, of files that are left behind.
    pub(crate) name: &'static str,
    /// Makes an input.
    pub(crate) make: fn(&[Vec<u8>], &mut Rng) -> Vec<u8>,
    /// Checks what is promised of an input.
    pub(crate) check: Check,
}

/// Says what does not hold.
pub(crate) type Check = Box<dyn Fn(&[u8]) -> Result<(), String> + Send>;

/// Targets run one after another: time and memory are those of the whole process.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// As the main thread has.
const STACK: usize = 8 << 20;

/// An input that takes longer, each time it is tried, is a fault.
const PATIENCE: Duration = Duration::from_secs(if cfg!(debug_assertions) { 4 } else { 1 });

/// One that has not come back by then never will.
const HANG: Duration = Duration::from_secs(120);

/// So often memory is looked at.
const MEMORY_STEPS: u64 = 1_000;

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Runs a target; `usual` is how many inputs it gets where nothing else is said.
pub(crate) fn run(target: Target, usual: u64) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let run = std::thread::Builder::new().stack_size(STACK).spawn(move || Run::new(target, usual).all());
    let outcome = run.expect("a thread can be started").join();
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

struct Run {
    target: Target,
    corpus: Vec<Vec<u8>>,
    seed: u64,
    first: u64,
    executions: u64,
    /// After so long it is enough.
    time: Duration,
    /// The number of the input under way and the time it began, for the watch and for whoever finds a dead process.
    under_way: Arc<AtomicU64>,
}

impl Run {
    fn new(target: Target, usual: u64) -> Self {
        let corpus = crate::corpus::read(target.name);
        assert!(!corpus.is_empty(), "no corpus for {}", target.name);
        let seconds = number("PREFLAKE_FUZZ_SECONDS", u64::MAX);
        let usual = if seconds == u64::MAX { usual } else { u64::MAX };
        Self {
            corpus,
            seed: number("PREFLAKE_FUZZ_SEED", 1),
            first: number("PREFLAKE_FUZZ_FIRST", 0),
            executions: number("PREFLAKE_FUZZ", usual),
            time: Duration::from_secs(seconds),
            under_way: Arc::new(AtomicU64::new(u64::MAX)),
            target,
        }
    }

    fn input(&self, number: u64) -> Vec<u8> {
        (self.target.make)(&self.corpus, &mut Rng::part(self.seed, number))
    }

    fn all(self) {
        for seed in &self.corpus {
            self.one(seed, u64::MAX);
        }
        let (name, make, seed, corpus) = (self.target.name, self.target.make, self.seed, self.corpus.clone());
        let keep = move |number| {
            let path = left_behind(name, "input");
            let kept = fs::write(&path, make(&corpus, &mut Rng::part(seed, number)));
            kept.map_or_else(|error| error.to_string(), |()| path.display().to_string())
        };
        watch(self.target.name, &self.under_way, keep);
        let progress = left_behind(self.target.name, "progress");
        let (began, before, mut memory) = (Instant::now(), spent(), Memory::now());
        let mut executions = 0;
        for number in self.first..self.first.saturating_add(self.executions) {
            if began.elapsed() > self.time {
                break;
            }
            executions += 1;
            // A process that overflows its stack says nothing more: this file then says at which input.
            if number % 64 == 0 {
                let _ = fs::write(&progress, number.to_string());
            }
            self.under_way.store(number, Ordering::Relaxed);
            self.one(&self.input(number), number);
            if number % MEMORY_STEPS == MEMORY_STEPS - 1
                && let Err(growth) = memory.check()
            {
                panic!("{}: {growth} at one of the {MEMORY_STEPS} inputs before {number}", self.target.name);
            }
        }
        self.under_way.store(u64::MAX, Ordering::Relaxed);
        let (clock, computed) = (began.elapsed().as_secs_f64(), spent().saturating_sub(before).as_secs_f64());
        let (name, seed) = (self.target.name, self.seed);
        eprintln!("{name:10} {executions} executions in {clock:.1} s, {computed:.1} s of the processor, seed {seed}");
    }

    fn one(&self, input: &[u8], number: u64) {
        let Err(fault) = self.fault(input) else { return };
        let path = left_behind(self.target.name, "input");
        fs::write(&path, input).expect("the input can be kept");
        let smaller = self.smaller(input);
        fs::write(&path, &smaller).expect("the input can be kept");
        let (shown, seed) = (String::from_utf8_lossy(&smaller), self.seed);
        let shown: String = shown.chars().take(2_000).collect();
        let repeat = format!("PREFLAKE_FUZZ_SEED={seed} PREFLAKE_FUZZ_FIRST={number} PREFLAKE_FUZZ=1");
        panic!("{}: {fault}\nrepeat: {repeat}\nkept in {}:\n{shown:?}", self.target.name, path.display());
    }

    /// What is wrong with an input.
    fn fault(&self, input: &[u8]) -> Result<(), String> {
        let mut fastest = Duration::MAX;
        // Caches are cold, and the machine may be busy: any single measurement can be slow.
        for _ in 0..3 {
            let began = spent();
            match catch_unwind(AssertUnwindSafe(|| (self.target.check)(input))) {
                Ok(checked) => checked?,
                Err(_) => return Err("it panics".to_owned()),
            }
            fastest = fastest.min(spent().saturating_sub(began));
            if fastest < PATIENCE {
                return Ok(());
            }
        }
        Err(format!("{} bytes take {fastest:?}", input.len()))
    }

    /// A smaller input that fails too: parts are taken out as long as that helps.
    fn smaller(&self, input: &[u8]) -> Vec<u8> {
        let mut smallest = input.to_vec();
        let mut size = smallest.len() / 2;
        let began = Instant::now();
        while size > 0 && began.elapsed() < Duration::from_secs(30) {
            let mut at = 0;
            while at < smallest.len() {
                let mut candidate = smallest.clone();
                candidate.drain(at..(at + size).min(smallest.len()));
                if self.fault(&candidate).is_err() {
                    smallest = candidate;
                } else {
                    at += size;
                }
            }
            size /= 2;
        }
        smallest
    }
}

/// The time that this thread has computed for; what others do on the machine does not count.
fn spent() -> Duration {
    computed(rustix::time::ClockId::ThreadCPUTime)
}

fn computed(clock: rustix::time::ClockId) -> Duration {
    let time = rustix::time::clock_gettime(clock);
    let part = |number: i64| u64::try_from(number).unwrap_or_default();
    Duration::from_secs(part(time.tv_sec)) + Duration::from_nanos(part(time.tv_nsec))
}

/// A file that outlives the process.
fn left_behind(name: &str, what: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}.{what}"))
}

/// Ends the process when one input does not come back; `keep` writes the input of a number to a file.
fn watch(name: &'static str, under_way: &Arc<AtomicU64>, keep: impl Fn(u64) -> String + Send + 'static) {
    let under_way = Arc::downgrade(under_way);
    std::thread::spawn(move || {
        // Who computes is seen by the process's time, who waits for ever by the clock.
        let now = || (computed(rustix::time::ClockId::ProcessCPUTime), Instant::now());
        let (mut seen, mut since) = (u64::MAX, now());
        while let Some(number) = under_way.upgrade().map(|number| number.load(Ordering::Relaxed)) {
            if number != seen || number == u64::MAX {
                (seen, since) = (number, now());
            } else if now().0.saturating_sub(since.0) > HANG || since.1.elapsed() > 10 * HANG {
                eprintln!("{name}: input {number} does not come back, kept in {}", keep(number));
                std::process::abort();
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    });
}
