using System.Runtime.InteropServices;

namespace Skein.Tests.Sandbox;

/// <summary>Descriptors as a careless parent leaves them.</summary>
internal static class Descriptors
{
    /// <summary>Opens without close-on-exec, which .NET itself never does.</summary>
    public static int OpenInheritable(string path)
    {
        using var file = File.OpenHandle(path);
        var copy = dup((int)file.DangerousGetHandle());
        return copy >= 0 ? copy : throw new IOException("dup failed");
    }

    public static void Close(int descriptor) => _ = close(descriptor);

    [DllImport("libc", SetLastError = true)]
    private static extern int dup(int descriptor);

    [DllImport("libc", SetLastError = true)]
    private static extern int close(int descriptor);
}
