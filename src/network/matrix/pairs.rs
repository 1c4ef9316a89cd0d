//! Delays of a file while it is read: both directions of each pair in the memory of the finished matrix.

/// Relative difference up to which two values of a pair count as roundings of one measurement.
const ROUNDING: f64 = 1e-3;

/// One-way delays between hosts in nanoseconds. 4 bytes and a bit for each cell.
pub(super) struct Pairs {
    hosts: usize,
    /// Cells row by row. A pair with both directions known has their mean in both cells; with a single one, the bits of
    /// that number are spread over the two, so that the mean is exact.
    cells: Vec<u32>,
    known: Vec<u64>,
    /// Shortest mean delay of each host to another so far.
    nearest: Vec<f64>,
    /// Number of known cells above the diagonal.
    pub above: u64,
    /// Number of known cells below the diagonal.
    pub below: u64,
    /// Number of pairs with both directions known.
    pub both: u64,
    /// Sum of the differences over the pairs with both directions.
    differences: f64,
    /// Sum of the means over the pairs with both directions.
    means: f64,
}

impl Pairs {
    pub(super) fn new(hosts: usize) -> Pairs {
        Pairs {
            hosts,
            cells: vec![0; hosts * hosts],
            known: vec![0; (hosts * hosts).div_ceil(64)],
            nearest: vec![f64::INFINITY; hosts],
            above: 0,
            below: 0,
            both: 0,
            differences: 0.0,
            means: 0.0,
        }
    }

    pub(super) fn hosts(&self) -> usize {
        self.hosts
    }

    /// Whether the delay from `a` to `b` is known.
    pub(super) fn knows(&self, a: usize, b: usize) -> bool {
        let at = a * self.hosts + b;
        self.known[at / 64] & (1 << (at % 64)) != 0
    }

    /// Delay of a pair: the mean if both directions are known.
    pub(super) fn of(&self, a: usize, b: usize) -> Option<f64> {
        match (self.knows(a, b), self.knows(b, a)) {
            (true, true) => Some(f64::from(self.cells[a * self.hosts + b])),
            (false, false) => None,
            _ => Some(self.single(a, b)),
        }
    }

    /// Adds a delay. A different value known for this direction, beyond rounding, is the error.
    pub(super) fn set(&mut self, a: usize, b: usize, nanos: f64) -> Result<(), f64> {
        if self.knows(a, b) {
            let before = self.of(a, b).unwrap_or(nanos);
            let near = (before - nanos).abs() <= ROUNDING * before.max(nanos) + 1.0;
            return if near { Ok(()) } else { Err(before) };
        }
        *(if a < b { &mut self.above } else { &mut self.below }) += u64::from(a != b);
        if a == b {
            self.cells[a * self.hosts + a] = (nanos + 0.5) as u32;
        } else if self.knows(b, a) {
            let other = self.single(a, b);
            self.both += 1;
            self.differences += (nanos - other).abs();
            self.means += (nanos + other) / 2.0;
            self.stand_in(a, b, (nanos + other) / 2.0);
        } else {
            let bits = nanos.to_bits();
            let (first, second) = (a.min(b), a.max(b));
            self.cells[first * self.hosts + second] = (bits >> 32) as u32;
            self.cells[second * self.hosts + first] = bits as u32;
        }
        self.know(a, b);
        Ok(())
    }

    /// Sets a known delay in both directions.
    pub(super) fn settle(&mut self, a: usize, b: usize, nanos: f64) {
        self.stand_in(a, b, nanos);
        self.know(a, b);
        self.know(b, a);
    }

    /// Sets a substitute delay in both directions, which does not become known.
    pub(super) fn stand_in(&mut self, a: usize, b: usize, nanos: f64) {
        let rounded = (nanos + 0.5) as u32;
        self.cells[a * self.hosts + b] = rounded;
        self.cells[b * self.hosts + a] = rounded;
        for host in [a, b] {
            self.nearest[host] = self.nearest[host].min(nanos);
        }
    }

    /// Keeps only these hosts, in ascending order. Each cell moves towards the beginning, or stays.
    pub(super) fn retain(&mut self, stay: &[usize]) {
        let cells = stay.iter().flat_map(|&a| stay.iter().map(move |&b| (a, b)));
        for (to, (a, b)) in cells.enumerate() {
            let known = self.knows(a, b);
            self.cells[to] = self.cells[a * self.hosts + b];
            let bit = 1 << (to % 64);
            if known {
                self.known[to / 64] |= bit;
            } else {
                self.known[to / 64] &= !bit;
            }
        }
        self.hosts = stay.len();
        self.cells.truncate(self.hosts * self.hosts);
        self.cells.shrink_to_fit();
        self.nearest = (0..self.hosts).map(|host| self.nearest_of(host)).collect();
    }

    fn nearest_of(&self, host: usize) -> f64 {
        let others = (0..self.hosts).filter(|&other| other != host);
        others.filter_map(|other| self.of(host, other)).fold(f64::INFINITY, f64::min)
    }

    /// Asymmetry: difference between directions as a share of their mean, over all pairs with both.
    pub(super) fn asymmetry(&self) -> Option<f64> {
        (self.means > 0.0).then(|| self.differences / self.means)
    }

    /// Finished cells. Two machines at one host are as far apart as the diagonal says; if it was not measured, half as
    /// far as the host's nearest neighbour, since no two machines share a position.
    pub(super) fn finish(mut self) -> Vec<u32> {
        for host in 0..self.hosts {
            if !self.knows(host, host) {
                let nearest = Some(self.nearest[host]).filter(|nearest| nearest.is_finite()).unwrap_or(0.0);
                self.cells[host * self.hosts + host] = (nearest / 2.0 + 0.5) as u32;
            }
        }
        self.cells
    }

    fn know(&mut self, a: usize, b: usize) {
        let at = a * self.hosts + b;
        self.known[at / 64] |= 1 << (at % 64);
    }

    /// Value of the only known direction.
    fn single(&self, a: usize, b: usize) -> f64 {
        let (first, second) = (a.min(b), a.max(b));
        let high = u64::from(self.cells[first * self.hosts + second]);
        f64::from_bits(high << 32 | u64::from(self.cells[second * self.hosts + first]))
    }
}
