#!/bin/sh
# Starts OpenKAS in the foreground; this shell becomes the server's JVM, so that its process id is the server's.
# It only looks for a JDK; everything else, texts and exit statuses included, is the program's own.

# Until the JVM takes over, nothing is there that would have to end in order.
trap 'exit 0' TERM INT

# Java does not start in a directory that is gone; where there is none, no relative path means anything either.
pwd -P >/dev/null 2>&1 || cd /

self=$0
while [ -h "$self" ]; do
  link=$(readlink "$self")
  case $link in
    /*) self=$link ;;
    *) self=$(dirname "$self")/$link ;;
  esac
done
home=$(CDPATH='' cd -P -- "$(dirname -- "$self")/.." && pwd) || exit 1

# The version of the Java in directory $1, such as 25.0.3; nothing if there is none.
version_of() {
  [ -x "$1/bin/java" ] || return 0
  if [ -r "$1/release" ]; then
    sed -n 's/^JAVA_VERSION="\(.*\)"$/\1/p' "$1/release"
  else
    "$1/bin/java" -version 2>&1 | sed -n 's/^[a-z]* version "\([^"]*\)".*/\1/p'
  fi
}

# The directory of the java on the PATH.
on_path() {
  program=$(command -v java) || return 0
  program=$(readlink -f "$program" 2>/dev/null || echo "$program")
  echo "${program%/bin/java}"
}

java=
found=
for candidate in "$JAVA_HOME" "$(on_path)" /usr/lib/jvm/*25* /opt/*25* /opt/java/*; do
  [ -n "$candidate" ] || continue
  version=$(version_of "$candidate")
  major=${version%%[.+-]*}
  case $major in
    '' | *[!0-9]*) continue ;;
  esac
  if [ "$major" -ge 25 ]; then
    java=$candidate/bin/java
    break
  fi
  found="$found, Java $version in $candidate"
done
if [ -z "$java" ]; then
  found=${found#, }
  echo "Program aborted: OpenKAS needs a JDK 25; found ${found:-no Java}. Install one, or set JAVA_HOME to it." >&2
  exit 1
fi

# The cache of classes and profiles quickens the start and the first requests. It fits one build of the JDK, and the jars of
# before it was made. With one that does not fit, the JVM starts without a word, but also without the JDK's own cache, so what can
# be seen from here is kept from it; and JDK 25.0.3 does not look at the jars. Options in OPENKAS_JVM_OPTIONS that the JVM
# refuses beside a cache, or for which it cannot use this one, take its place.
cache=$home/lib/openkas.aot
if [ ! -r "$cache" ] || [ "$(cat "${java%/bin/java}/release" 2>/dev/null)" != "$(cat "$home/lib/openkas.aot.release")" ]; then
  cache=
fi
server=$home/wlp/usr/servers/openkas
for jar in "$home"/lib/*.jar "$server"/apps/openkas.war/WEB-INF/lib/*.jar "$server"/lib/*.jar "$home"/wlp/lib/*.kernel.boot_*.jar; do
  [ "$jar" -nt "$cache" ] && cache=
done
case $OPENKAS_JVM_OPTIONS in
  *-XX:AOT* | *-XX:SharedArchiveFile* | *-Xshare* | *-XX:+UseZGC* | *-XX:-UseCompressedOops*) cache= ;;
esac

# Small and quick to start; OPENKAS_JVM_OPTIONS may name another collector.
collector=-XX:+UseSerialGC
case $OPENKAS_JVM_OPTIONS in
  *-XX:+Use*GC*) collector= ;;
esac

# The heap starts small and gives back what a burst left behind. The thresholds leave the processor to the start itself: the
# optimizing compiler comes in for what stays hot. What a burst of slow clients took outside of the heap goes back, too: Netty's
# adaptive allocator would keep it, and threads' caches would pin its pools. Netty's search for lost buffers belongs to the
# tests. OPENKAS_JVM_OPTIONS come last and win.
# shellcheck disable=SC2086 # options are words
exec "$java" \
  $collector \
  -XX:+UseCompactObjectHeaders \
  -Xms64m -XX:NewSize=32m \
  -XX:MinHeapFreeRatio=15 -XX:MaxHeapFreeRatio=35 -XX:-ShrinkHeapInSteps \
  -XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=6000 \
  -XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000 \
  -XX:-UsePerfData -XX:+ExitOnOutOfMemoryError -XX:+ErrorFileToStderr \
  -Xlog:disable \
  -XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0 \
  ${cache:+"-XX:AOTCache=$cache"} \
  --sun-misc-unsafe-memory-access=allow \
  -XX:TrimNativeHeapInterval=5000 \
  -Dio.netty.allocator.type=pooled -Dio.netty.allocator.cacheTrimIntervalMillis=2000 \
  -Dio.netty.leakDetection.level=disabled \
  -Djdk.httpclient.keepalive.timeout=90 \
  -Djdk.http.auth.tunneling.disabledSchemes= \
  $OPENKAS_JVM_OPTIONS \
  -Dopenkas.home="$home" -Djava.io.tmpdir="${TMPDIR:-/tmp}" \
  -jar "$home/lib/openkas.jar" "$@"
