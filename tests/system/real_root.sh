# real_root.sh NODE SCRATCH COMMAND…: in a mount namespace of its own, puts a simulated node where a real driver would be: its
# libraries in /usr, its nodes in /dev, its /proc/driver. Then "/" is the root, as on a node with a GPU.
set -e
node=$1 scratch=$2
shift 2
mount -t tmpfs scratch "$scratch"
for d in usr var run etc; do
        mkdir -p "$scratch/$d/upper" "$scratch/$d/work"
        mount -t overlay overlay -o "lowerdir=/$d,upperdir=$scratch/$d/upper,workdir=$scratch/$d/work" "/$d"
done
cp -a "$node"/usr/lib/x86_64-linux-gnu/lib* /usr/lib/x86_64-linux-gnu/
cp -a "$node/usr/bin/nvidia-smi" /usr/bin/
mkdir -p /run/nvidia-persistenced
mount --bind "$node/run/nvidia-persistenced" /run/nvidia-persistenced
mkdir -p "$scratch/dev/pts" "$scratch/dev/shm"
for n in null zero full random urandom tty; do cp -a "/dev/$n" "$scratch/dev/"; done
mount --bind "$scratch/dev" /dev
ln -s pts/ptmx /dev/ptmx
ln -s /proc/self/fd /dev/fd
cp -a "$node"/dev/nvidia* /dev/
mount --bind "$node/proc/driver" /proc/driver
mount --bind "$node/proc/devices" /proc/devices
ldconfig
exec "$@"
