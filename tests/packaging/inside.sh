# SPDX-License-Identifier: GPL-2.0-or-later
# One step of test_deb.sh, inside of the bare system: inside.sh install|use|remove
set -eu

wrong()
{
    echo "inside: $*" >&2
    for log in /tmp/*.log; do
        [ -e "$log" ] && tail -n 20 "$log" >&2
    done
    exit 1
}

install_all()
{
    apt-get update -q >/tmp/apt.log 2>&1 || { echo "no mirror"; exit 77; }
    find / -xdev -iname '*gpushare*' -not -path '/tmp/*' >/tmp/before
    # The packages bring all that they need; the application to look at is the only thing beside.
    apt-get install -q -y --no-install-recommends /tmp/*.deb >>/tmp/apt.log 2>&1 || wrong "apt failed"
    dpkg --audit | grep . && wrong "dpkg complains"
    getent group gpushare-admin >/dev/null || wrong "there is no group gpushare-admin"
    cat /proc/[0-9]*/comm | grep gpushare && wrong "something was started"
    [ "$(stat -c %a /etc/gpushare/host.conf)" = 644 ] || wrong "host.conf"
    dpkg -V gpushare-host gpushare-client
    for program in gpushare-host gpushare-client; do
        "$program" --version
        ldd "/usr/bin/$program" /usr/libexec/gpushare/* | grep 'not found' && wrong "a library is missing"
        ls "/usr/share/man/man1/$program.1.gz" "/usr/share/bash-completion/completions/$program" >/dev/null
    done
    apt-get install -q -y --no-install-recommends glmark2-es2-wayland procps >>/tmp/apt.log 2>&1 ||
        wrong "apt failed"
}

# watch URL NAME: looks at a session for a while; it must have shown something.
watch()
{
    gpushare-client "$1" --headless --duration 4 --stats "/tmp/$2.json" --snapshot "/tmp/$2.png" \
        >"/tmp/client-$2.log" 2>&1 </dev/null || wrong "the client failed"
    decoded=$(grep -oE '"frames_decoded": *[0-9]+' "/tmp/$2.json" | grep -oE '[0-9]+$')
    [ "$decoded" -gt 0 ] || wrong "$2: nothing was decoded"
    [ -s "/tmp/$2.png" ] || wrong "$2: no picture"
    echo "$2: $decoded frames decoded"
}

url_in()
{
    for i in $(seq 200); do
        url=$(sed -n 's/^connect: //p' "$1")
        [ -z "$url" ] || return 0
        sleep 0.1
    done
    wrong "there is no URL in $1"
}

start_daemon()
{
    gpushare-host serve >>/tmp/serve.log 2>&1 </dev/null &
    daemon=$!
    for i in $(seq 200); do
        gpushare-host session list >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    wrong "the daemon does not answer"
}

scene="glmark2-es2-wayland -b build:duration=60"

use_run()
{
    export XDG_RUNTIME_DIR=/tmp/run
    mkdir -p -m 700 /tmp/run
    gpushare-host run -- $scene >/tmp/run.out 2>/tmp/run.log </dev/null &
    run=$!
    url_in /tmp/run.out
    watch "$url" run
    kill "$run"
    wait "$run" || wrong "run did not end well"
    unset XDG_RUNTIME_DIR
}

# A session of an ordinary user, whom PAM lets in, is theirs and nobody else's.
use_serve()
{
    useradd --create-home anna
    useradd --create-home boris
    start_daemon
    gpushare-host session create roots -- $scene >/tmp/roots.out
    su anna -c "gpushare-host session create annas -- $scene" >/tmp/annas.out
    url_in /tmp/roots.out
    watch "$url" roots
    url_in /tmp/annas.out
    watch "$url" annas
    ps -C gpushare-session -o user= | sort -u | tr -d ' ' | tr '\n' ' ' | grep -qx 'anna root ' ||
        wrong "workers run as $(ps -C gpushare-session -o user=)"
    ps -C bwrap -o user= | grep -qx anna || wrong "the application of anna is in no sandbox"
    su boris -c "gpushare-host session list --names" | grep . && wrong "boris sees what is not his"
    su boris -c "gpushare-host session close annas" 2>/dev/null && wrong "boris ends what is not his"
    usermod -aG gpushare-admin boris
    su boris -c "gpushare-host session list --names" | grep -qx annas || wrong "boris is no administrator"
}

# As an upgrade does it: sessions go on while the daemon is another one.
use_upgrade()
{
    before=$(pgrep -x gpushare-sessio | sort | tr '\n' ' ')
    kill "$daemon"
    wait "$daemon" || wrong "the daemon did not end well"
    apt-get install -q -y --reinstall --no-install-recommends /tmp/*.deb >>/tmp/apt.log 2>&1 ||
        wrong "apt failed"
    start_daemon
    [ "$before" = "$(pgrep -x gpushare-sessio | sort | tr '\n' ' ')" ] || wrong "the workers are others"
    url_in /tmp/annas.out
    watch "$url" upgraded
    gpushare-host session close annas
    kill -INT "$daemon"
    wait "$daemon" || wrong "the daemon did not end well"
    ps -e -o comm= | grep gpushare && wrong "something is left"
    return 0
}

remove_all()
{
    userdel -r anna 2>/dev/null
    gpasswd -d boris gpushare-admin >/dev/null
    userdel -r boris 2>/dev/null
    echo "# changed" >>/etc/gpushare/host.conf
    apt-get remove -q -y gpushare-host gpushare-client >>/tmp/apt.log 2>&1 || wrong "apt failed"
    [ -e /etc/gpushare/host.conf ] || wrong "remove took the configuration, too"
    apt-get purge -q -y gpushare-host gpushare-client >>/tmp/apt.log 2>&1 || wrong "apt failed"
    getent group gpushare-admin && wrong "the group is left"
    find / -xdev -iname '*gpushare*' -not -path '/tmp/*' -not -path '/var/cache/apt/*' >/tmp/after
    diff /tmp/before /tmp/after || wrong "files are left"
}

case $1 in
install) install_all ;;
use)
    use_run
    use_serve
    use_upgrade
    ;;
remove) remove_all ;;
esac
