#!/usr/bin/env bash
# A Slurm cluster of this one machine, on loopback, without a database, all its files in one folder:
#   cluster.sh install        the Debian packages (as root)
#   cluster.sh up FOLDER      starts the daemons; then: export SLURM_CONF=FOLDER/slurm.conf PATH=FOLDER/bin:$PATH
#   cluster.sh down FOLDER    ends them, and all jobs
set -euo pipefail
[ $# -gt 0 ] || { grep '^#  ' "$0"; exit 2; }
export PATH=$PATH:/usr/sbin

install() {
  apt-get update -qq
  # Nothing that comes with the packages is to start daemons of its own.
  [ -e /usr/sbin/policy-rc.d ] || { printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; }
  DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends slurmctld slurmd slurm-client munge
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

configure() {
  cat > slurm.conf <<CONF
ClusterName=loopback
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
AuthType=auth/munge
AuthInfo=socket=$PWD/munge.socket
CryptoType=crypto/munge
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
StateSaveLocation=$PWD/state
SlurmdSpoolDir=$PWD/spool
SlurmctldPidFile=$PWD/slurmctld.pid
SlurmdPidFile=$PWD/slurmd.pid
SlurmctldLogFile=$PWD/slurmctld.log
SlurmdLogFile=$PWD/slurmd.log
JobCompType=jobcomp/filetxt
JobCompLoc=$PWD/ended.txt
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
# From two minutes on, the plugin asks squeue how a job ended.
MinJobAge=3600
KillWait=10
NodeName=$(hostname) NodeAddr=127.0.0.1 CPUs=2 RealMemory=2000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
}

up() {
  mkdir -p "$1" && cd "$1" && mkdir -p state spool
  [ -e slurm.conf ] || configure
  # For the steps of a job, Snakemake's plugin takes away all of Slurm's variables, this one too.
  mkdir -p bin
  printf '#!/bin/sh\nSLURM_CONF=%s exec %s "$@"\n' "$PWD/slurm.conf" "$(command -v srun)" > bin/srun
  chmod +x bin/srun
  [ -e munge.key ] || { head -c 128 /dev/urandom > munge.key; chmod 600 munge.key; }
  # Forced, since it does not like a folder that others than root might write to.
  munged --force --key-file="$PWD/munge.key" --socket="$PWD/munge.socket" --pid-file="$PWD/munge.pid" \
    --log-file="$PWD/munge.log" --seed-file="$PWD/munge.seed" 2>> munge.log
  export SLURM_CONF=$PWD/slurm.conf
  slurmctld
  slurmd
  for _ in $(seq 30); do
    [ "$(sinfo --noheader --format=%t 2>> slurmctld.log)" = idle ] && return
    sleep 1
  done
  echo "The node is not idle after 30 s:" >&2
  tail -n 20 slurmctld.log slurmd.log >&2
  exit 1
}

down() {
  cd "$1"
  SLURM_CONF=$PWD/slurm.conf scancel --user="$(id -un)" || true
  for daemon in slurmd slurmctld munge; do
    [ ! -s $daemon.pid ] || kill "$(cat $daemon.pid)" || true
  done
}

"$@"
