// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
#include "image/busybox_paths.hpp"

#include "support/text.hpp"

#include <array>

namespace quern::image {
namespace {

struct Programs {
    std::string_view directory;
    std::string_view names;
};

// Source: busybox 1.35, `busybox --list-full`, as configured by a distribution for general use.
constexpr std::array<Programs, 4> usual = {{
    {"bin",
     "arch ash base64 cat chgrp chmod chown cp cpio cttyhack date dd df dmesg "
     "dnsdomainname dumpkmap echo ed egrep false fatattr fgrep getopt grep gunzip gzip "
     "hostname ionice ipcalc kill link linux32 linux64 ln login ls lzop mkdir mknod "
     "mktemp more mount mt mv netstat pidof ping ping6 ps pwd readlink rev "
     "rm rmdir run-parts sed setpriv sh sleep stat stty su sync tar touch true "
     "umount uname uncompress usleep vi watch zcat"},
    {"sbin",
     "acpid adjtimex arp blockdev depmod devmem fdisk findfs freeramdisk fstrim getty "
     "halt hwclock ifconfig ifdown ifup init insmod ip ipneigh klogd loadkmap logread "
     "losetup lsmod mdev mkdosfs mke2fs mkswap modinfo modprobe nameif pivot_root "
     "poweroff reboot rmmod route start-stop-daemon sulogin swapoff swapon "
     "switch_root sysctl syslogd tc tunctl udhcpc uevent vconfig watchdog"},
    {"usr/bin",
     "[ [[ ar ascii awk basename bc blkdiscard bunzip2 bzcat bzip2 cal chvt clear cmp "
     "crc32 crontab cut dc deallocvt diff dirname dos2unix du dumpleases "
     "env expand expr factor fallocate find fold free ftpget ftpput groups head "
     "hexdump hostid id killall last less logger logname lsscsi lzcat lzma md5sum "
     "microcom mkfifo mkpasswd nc nl nproc nsenter nslookup od openvt passwd paste "
     "patch printf realpath renice reset seq setkeycodes setsid sha1sum "
     "sha256sum sha3sum sha512sum shred shuf sort ssl_client strings svc svok tac tail "
     "taskset tee telnet test tftp time timeout top tr traceroute traceroute6 truncate "
     "ts tty unexpand uniq unix2dos unlink unlzma unshare unxz unzip uptime uudecode "
     "uuencode w wc wget which who whoami xargs xxd xz xzcat yes"},
    {"usr/sbin",
     "arping brctl chroot crond fsfreeze httpd i2cdetect i2cdump i2cget i2cset "
     "i2ctransfer loadfont mim nologin partprobe rdate telnetd ubirename udhcpd"},
}};

}  // namespace

std::vector<std::string> usual_busybox_paths() {
    std::vector<std::string> paths;
    for (const Programs& programs : usual) {
        for (const std::string_view name : split_words(programs.names)) {
            paths.push_back("/" + std::string(programs.directory) + "/" + std::string(name));
        }
    }
    return paths;
}

}  // namespace quern::image
