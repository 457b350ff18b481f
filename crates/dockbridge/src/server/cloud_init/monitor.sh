#!/bin/sh
# dockbridge-monitor: ends this server when nobody holds a lease on it any more. A server that is forgotten is billed.
#
#   watch                        looks after the leases every 10 s; the service
#   renew CLIENT HOST SECONDS    takes or renews CLIENT's lease; prints the live leases of others
#   release CLIENT               gives CLIENT's lease back; prints the live leases of others
#   leases                       prints every live lease
#   end CLIENT HOST SECONDS      CLIENT is about to end the server: prints the live leases of others. If there are any, CLIENT's
#                                lease is given back. If not, it lasts for SECONDS, and every renewal is refused from then on
#   token                        reads what the deletion needs from standard input: this server's URL in the API and an API
#                                token, a line each
#
# Leases are printed one a line: client, host, remaining seconds. Exit status: 0, or 1 when something failed, 2 when the
# arguments or the input are wrong, 3 when the destruction has begun and no renewal can stop it.
#
# In /run, which is in memory:
#   leases/CLIENT       until when (in seconds of /proc/uptime, which never jumps), and the client's host, a line each
#   since               when the first look of this boot was
#   leased              there has been a lease since the boot
#   deletion            the URL and the token
#   destroying/         the destruction is about to begin; destroying/begun: it has begun
#   ending              the client that ends the server. When its lease is over, the destruction begins here
#
# Nothing here trusts a file to be whole: what cannot be read as a lease is nobody's.
set -eu
umask 077
export LC_ALL=C

run=${DOCKBRIDGE_RUN:-/run/dockbridge}
uptime=${DOCKBRIDGE_UPTIME:-/proc/uptime}
# cloud-init writes it when it has finished a boot.
booted=${DOCKBRIDGE_BOOTED:-/run/cloud-init/result.json}
# What cloud-init has written into the service: delete or poweroff, and seconds.
mode=${DOCKBRIDGE_SELF_DESTRUCT:-delete}
boot_timeout=${DOCKBRIDGE_BOOT_TIMEOUT:-900}

say() {
  echo "dockbridge-monitor: $*" >&2
}

refuse() {
  say "$*"
  exit 2
}

# Whether $1 is a whole number that arithmetic can do: without a leading zero, below a thousand million.
is_number() {
  case $1 in '' | *[!0-9]* | 0?* | ??????????*) return 1 ;; esac
}

# Whether $1 can stand in a line of leases and be a file's name.
is_name() {
  case $1 in '' | [.-]* | *[!0-9A-Za-z.-]*) return 1 ;; esac
  [ "${#1}" -le 64 ]
}

# Sets `now` to the seconds since the boot.
read_clock() {
  if { read -r now _ <"$uptime"; } 2>/dev/null && now=${now%%.*} && is_number "$now"; then return 0; fi
  say "the clock cannot be read"
  return 1
}

# Sets `until` and `host` to what the file $1 says. Fails if it is no lease.
read_lease() {
  [ -f "$1" ] || return 1
  { read -r until && read -r host; } 2>/dev/null <"$1" || return 1
  is_number "$until" && is_name "$host" && is_name "${1##*/}"
}

# Prints every live lease but that of the client $1.
live_leases() {
  for file in "$run"/leases/*; do
    client=${file##*/}
    if [ "$client" != "$1" ] && read_lease "$file" && [ "$until" -gt "$now" ]; then
      echo "$client $host $((until - now))"
    fi
  done
}

# Sets `since` to the time of the first look after the boot. The kernel may have been up for longer, where this is a container.
read_since() {
  if { read -r since <"$run/since"; } 2>/dev/null && is_number "$since"; then return 0; fi
  since=$now
  { mkdir -p "$run" && echo "$now" >"$run/since"; } || since=0
}

# Whether no lease is given any more.
is_ending() {
  [ -d "$run/destroying" ] || [ -e "$run/ending" ]
}

# Of an end that has begun.
give_up() {
  say "the server is being destroyed"
  exit 3
}

# Writes the lease of the client $1 on the host $2 for $3 seconds.
take_lease() {
  mkdir -p "$run/leases"
  read_clock
  # Written beside and renamed, so that nobody reads half a lease.
  new=$run/leases/.$1.$$
  if ! printf '%s\n%s\n' "$((now + $3))" "$2" >"$new" || ! mv "$new" "$run/leases/$1"; then
    rm -f "$new"
    say "the lease could not be written"
    exit 1
  fi
  touch "$run/leased"
}

renew() {
  { is_name "$1" && is_name "$2" && is_number "$3"; } || refuse "usage: renew CLIENT HOST SECONDS"
  if is_ending; then give_up; fi
  take_lease "$@"
  # The lease is written before this look, and whoever ends the server looks for leases after the sign of it is there. So a
  # renewal that succeeds is always seen; one that fails takes its lease back, so that nothing is left undecided.
  if is_ending; then
    rm -f "$run/leases/$1"
    give_up
  fi
  live_leases "$1"
}

# Whether the end is the client $1's by now: only one can make the file.
claim_end() {
  (set -C && echo "$1" >"$run/ending") 2>/dev/null || [ "$(cat "$run/ending")" = "$1" ]
}

end() {
  { is_name "$1" && is_name "$2" && is_number "$3"; } || refuse "usage: end CLIENT HOST SECONDS"
  # Cut off half way, it would leave a server that refuses everybody. The lease keeps the monitor from ending it meanwhile.
  trap '' HUP INT PIPE TERM
  take_lease "$@"
  # Looked at before the claim, so that those who hold the server are never refused, and after it, because of those who came
  # meanwhile.
  others=$(live_leases "$1")
  if [ -z "$others" ]; then
    if [ -d "$run/destroying" ] || ! claim_end "$1"; then
      rm -f "$run/leases/$1"
      give_up
    fi
    others=$(live_leases "$1")
    if [ -n "$others" ]; then rm -f "$run/ending"; fi
  fi
  if [ -n "$others" ]; then
    rm -f "$run/leases/$1"
    echo "$others"
  fi
}

release() {
  is_name "$1" || refuse "usage: release CLIENT"
  read_clock
  rm -f "$run/leases/$1"
  live_leases "$1"
}

# Neither the token nor the URL is ever an argument of a program: every process could read it there. Nor is it printed.
take_token() {
  { read -r url && read -r token; } || refuse "the input is not two lines"
  case $url in http://?* | https://?*) ;; *) refuse "the first line is not a URL" ;; esac
  case $token in '' | *[!!-~]*) refuse "the second line is not a token" ;; esac
  mkdir -p "$run"
  printf '%s\n%s\n' "$url" "$token" >"$run/deletion.$$"
  mv "$run/deletion.$$" "$run/deletion"
}

# Stops the engine and leaves a clean file system on the volume. Nothing of it may hold the destruction up for long.
stop_engine() {
  timeout 120 systemctl stop docker.socket docker.service containerd.service || say "the engine could not be stopped"
  timeout 60 sync || say "the volume could not be written out"
  timeout 30 umount /var/lib/containerd || say "/var/lib/containerd could not be unmounted"
  # A file system that is busy is left mounted, and not detached: it is written out, and its journal survives the end.
  timeout 30 umount /var/lib/docker || say "/var/lib/docker could not be unmounted"
  timeout 60 sync || say "the volume could not be written out"
}

# Asks the API to delete this server. cloud-init is written in Python, so there is an interpreter wherever this script is.
delete_server() {
  timeout 60 python3 -I -c '
import sys, urllib.error, urllib.request

with open(sys.argv[1], encoding="ascii") as file:
    url, token = file.read().split()
request = urllib.request.Request(url, method="DELETE", headers={"Authorization": "Bearer " + token})
try:
    urllib.request.urlopen(request, timeout=30).close()
except urllib.error.HTTPError as error:
    sys.exit("dockbridge-monitor: the API answered " + str(error.code))
except urllib.error.URLError as error:
    sys.exit("dockbridge-monitor: the API cannot be reached: " + str(error.reason))
except Exception as error:
    # Only its kind is said, since the text may quote the request.
    sys.exit("dockbridge-monitor: the request failed: " + type(error).__name__)
' "$run/deletion"
}

# Deletes this server, or turns it off where it must not or cannot delete itself. Goes on until the machine is gone.
end_server() {
  pause=1
  while :; do
    if [ "$mode" = delete ] && [ -s "$run/deletion" ]; then
      if delete_server; then say "the API has accepted the deletion"; fi
    else
      say "powering off"
      timeout 30 systemctl poweroff || timeout 30 systemctl poweroff --force || say "powering off failed"
    fi
    sleep "$pause" || :
    pause=$((pause * 2))
    if [ "$pause" -gt 60 ]; then pause=60; fi
  done
}

# Fails if a renewal was faster.
begin_destruction() {
  mkdir -p "$run/destroying" || :
  if [ -n "$(live_leases '')" ]; then
    rm -rf "$run/destroying"
    return 1
  fi
  touch "$run/destroying/begun" || :
}

# Looks once, and does not return if this is the end.
look() {
  # A monitor that was restarted in the middle goes on: clients have been told.
  if [ ! -e "$run/destroying/begun" ]; then
    read_clock || return 0
    read_since
    if [ -n "$(live_leases '')" ]; then
      # Left by a monitor that was killed between its two looks, it would refuse every renewal.
      rm -rf "$run/destroying"
      return 0
    fi
    if [ -e "$run/leased" ]; then
      reason="every lease has run out or was given back"
    elif [ "$((now - since))" -gt "$boot_timeout" ]; then
      reason="no client has taken a lease within $boot_timeout s of the boot"
    else
      return 0
    fi
    begin_destruction || return 0
    say "this server ends itself ($mode): $reason"
  fi
  stop_engine
  end_server
}

# Closes the metadata service again, as cloud-init does at boot and for the reasons that stand there: some programs that manage
# networks drop routes and rules of others when they are restarted. Not before cloud-init has asked the service itself.
close_metadata() {
  [ -e "$booted" ] || return 0
  timeout 5 ip route replace prohibit 169.254.169.254/32 || say "the metadata service may be open"
  if timeout 5 ip -6 rule 2>/dev/null | grep -q fe80::a9fe:a9fe; then return 0; fi
  timeout 5 ip -6 rule add pref 1 to fe80::a9fe:a9fe prohibit 2>/dev/null || :
}

# On the left of `||` no failing step ends the shell. If something does all the same, systemd starts it again.
watch() {
  while :; do
    look || say "the leases could not be looked after"
    close_metadata
    sleep 10 || :
  done
}

case ${1:-} in
watch) watch ;;
renew) renew "${2:-}" "${3:-}" "${4:-}" ;;
release) release "${2:-}" ;;
leases) read_clock && live_leases '' ;;
end) end "${2:-}" "${3:-}" "${4:-}" ;;
token) take_token ;;
*) refuse "usage: watch | renew CLIENT HOST SECONDS | release CLIENT | leases | end CLIENT HOST SECONDS | token" ;;
esac
