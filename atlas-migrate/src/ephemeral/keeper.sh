# The keeper of one server: its parent, and the one who ends it. Runs in the server's folder, as the server's user.
#
#   sh -c "$this" keeper GRACE postgres ARGUMENTS…
#
# Handed over: standard input is a file whose lock says that the server is alive, standard output one whose lock says
# that the keeper is, standard error the server's log. `users` is a FIFO which every process that uses the server
# holds open for writing; each of them writes one line when it opens it. The kernel closes it for a process that ends,
# however it ends, so that reading to the end is waiting for the last of them.

# A terminal's Ctrl-C or hang-up, or a "terminate all", is for the users; the server ends after them.
trap '' HUP INT TERM
folder=$PWD
grace=$1
shift

# Opening a FIFO for reading alone waits for a writer, and this one may have been killed already.
exec 4<>users 3<users 4>&-

# By way of another number: what runs in the background has lost its standard input before `<&0` is looked at.
exec 5<&0 </dev/null
"$@" <&5 >&2 3<&- 5<&- &
server=$!
exec 5<&-

# The owner of a private server asks for a crash, and starts server and keeper again in the same folder.
crash() {
    kill -QUIT "$server" 2>/dev/null
    wait "$server"
    exit
}

while
    while read -r line <&3; do [ "$line" != crash ] || crash; done
    # What a test has kept is to be looked at.
    pause=$grace
    [ ! -e linger ] || read -r pause <linger
    sleep "$pause"
    # A line that is here now is from a process that came during the pause.
    read -r line <&3
do :; done

# Nobody can come any more. Whoever opened the FIFO just before it went is waited for as well.
rm -f users
while read -r line <&3; do :; done

# A fast shutdown waits for replicas and the like. An immediate one does not, and kills what does not follow it.
{
    for second in 1 2 3 4 5 6 7 8 9 10; do sleep 1; done
    kill -QUIT "$server"
} >/dev/null 2>&1 3<&- &
impatience=$!
kill -INT "$server" 2>/dev/null
wait "$server"
# SIGTERM is ignored there as it is here.
kill -KILL "$impatience"

cd / && rm -rf "$folder"
