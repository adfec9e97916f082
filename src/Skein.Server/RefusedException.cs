using Skein.Core;

namespace Skein.Server;

/// <summary>A request that is turned away for its form, before any session is asked.</summary>
internal sealed class RefusedException(int status, string code, string message) : SkeinException(code, message)
{
    public int Status { get; } = status;
}
