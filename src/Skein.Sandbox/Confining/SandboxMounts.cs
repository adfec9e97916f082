using System.Globalization;

namespace Skein.Sandbox.Confining;

/// <summary>The file system of a sandbox, as arguments of bwrap; in their order, since a later mount lies over an earlier one.</summary>
internal static class SandboxMounts
{
    private static readonly string[] s_programs = ["/usr", "/opt", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

    // What programs need to be loaded, to name users, to tell the time and to know whom to trust; no keys, no configuration of services.
    private static readonly string[] s_files =
    [
        "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf",
        "/etc/localtime", "/etc/protocols", "/etc/services", "/etc/mime.types", "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs",
        "/etc/pki/ca-trust/extracted", "/etc/crypto-policies",
    ];

    // They belong to root, who may write to them by that alone, without any capability: the kernel's own settings, for all of the machine.
    private static readonly string[] s_kernel = ["/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi", "/proc/scsi"];

    private static readonly string[] s_networkFiles = ["/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/gai.conf"];

    public static IEnumerable<string> Of(SandboxPolicy policy) => Of(policy, RepositoryMounts.Of(policy.Workspace, policy.UserHome));

    private static IEnumerable<string> Of(SandboxPolicy policy, RepositoryMounts repository) =>
    [
        .. s_programs.SelectMany(Program),
        .. s_files.Concat(policy.Network ? s_networkFiles : []).SelectMany(static file => ReadOnly(file)),
        "--proc", "/proc", .. s_kernel.SelectMany(static path => ReadOnly(path)), "--dev", "/dev", .. Empty("/dev/shm", policy), .. Empty("/tmp", policy), "--symlink", "../tmp", "/var/tmp",
        .. Empty(policy.UserHome, policy),
        .. policy.Readable.SelectMany(static path => ReadOnly(path)),
        .. policy.Writable.Where(Path.Exists).SelectMany(static path => Writable(path)),
        .. repository.Around is { } around ? ReadOnly(around) : [],
        .. Writable(policy.Workspace),
        .. repository.Git is { } git ? GuardedFiles.Git(git) : [],
        .. policy.Writable.Prepend(policy.Workspace).Distinct().SelectMany(static folder => GuardedFiles.Mounts(folder)),
        .. policy.Hidden.Where(path => IsShown(path, policy, repository)).SelectMany(path => Empty(path, policy)),
        // What bwrap makes is memory without a bound; what lies in it stays as it is mounted.
        "--remount-ro", "/dev", "--remount-ro", "/",
    ];

    // A merged /usr has links here, which programs' own paths rely on.
    private static string[] Program(string path) => new DirectoryInfo(path) switch
    {
        { LinkTarget: { } target } => ["--symlink", target, path],
        { Exists: true } => ["--ro-bind", path, path],
        _ => [],
    };

    private static string[] ReadOnly(string path) => Path.Exists(path) ? ["--ro-bind", RealPath.Of(path), path] : [];

    private static string[] Writable(string path) => ["--bind", path, path];

    private static string[] Empty(string path, SandboxPolicy policy) =>
        ["--size", policy.Limits.Temporary.ToString(CultureInfo.InvariantCulture), "--tmpfs", path];

    private static bool IsShown(string hidden, SandboxPolicy policy, RepositoryMounts repository) =>
        Directory.Exists(hidden) && policy.Writable.Concat(policy.Readable).Append(policy.Workspace).Concat(new[] { repository.Around, repository.Git }.OfType<string>()).Any(shown => RealPath.IsWithin(RealPath.Of(shown), hidden));
}
