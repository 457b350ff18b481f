//! Ids of the size the real API hands out, so that a client that keeps them in 32 bits fails here, too.

/// The next id of every kind of resource.
#[derive(Debug)]
pub(crate) struct Ids {
    action: u64,
    server: u64,
    volume: u64,
    firewall: u64,
    ssh_key: u64,
    primary_ip: u64,
}

impl Default for Ids {
    fn default() -> Self {
        // An action of the real API had the id 566420293308478 in 2025; the others had as many digits as here.
        Self {
            action: 566_420_293_308_478,
            server: 112_345_678,
            volume: 104_012_345,
            firewall: 2_345_678,
            ssh_key: 31_234_567,
            primary_ip: 98_765_432,
        }
    }
}

impl Ids {
    pub(crate) fn action(&mut self) -> u64 {
        next(&mut self.action)
    }
    pub(crate) fn server(&mut self) -> u64 {
        next(&mut self.server)
    }
    pub(crate) fn volume(&mut self) -> u64 {
        next(&mut self.volume)
    }
    pub(crate) fn firewall(&mut self) -> u64 {
        next(&mut self.firewall)
    }
    pub(crate) fn ssh_key(&mut self) -> u64 {
        next(&mut self.ssh_key)
    }
    pub(crate) fn primary_ip(&mut self) -> u64 {
        next(&mut self.primary_ip)
    }
}

fn next(counter: &mut u64) -> u64 {
    *counter += 1;
    *counter
}
