namespace Skein.Sandbox;

/// <summary>
/// How many files, pipes and connections this process may have open at once. Where it is usual to allow 1,024 and more only to who asks, the
/// runtime asks and native code does not.
/// </summary>
public static class DescriptorLimit
{
    // More than macOS takes from anybody, whatever it says that it allows.
    private const ulong MostOnMac = 10_240;

    /// <summary>Raises the limit as far as the system lets everybody; programs that are started later have it too.</summary>
    /// <returns>The limit from here on.</returns>
    /// <exception cref="IOException">The system does not tell it.</exception>
    public static int Raise()
    {
        if (Native.getrlimit(Native.OpenFiles, out var limit) != 0)
            throw new IOException($"How many files may be open at once could not be found out: {Native.LastError()}.");

        var wanted = limit with { Soft = OperatingSystem.IsMacOS() ? Math.Min(limit.Hard, MostOnMac) : limit.Hard };
        var now = wanted.Soft > limit.Soft && Native.setrlimit(Native.OpenFiles, wanted) == 0 ? wanted.Soft : limit.Soft;
        return (int)Math.Min(now, int.MaxValue);
    }
}
