namespace Skein.Agent.Permissions;

/// <summary>Whether a call may be carried out.</summary>
public abstract record PermissionDecision
{
    private PermissionDecision() { }

    public static PermissionDecision Allowed { get; } = new Allow();

    public sealed record Allow : PermissionDecision;

    /// <param name="Pattern">What <c>always</c> would allow from now on; null: it is asked every time.</param>
    public sealed record Ask(string? Pattern) : PermissionDecision;

    /// <param name="Message">For the model: why, and what it can do.</param>
    public sealed record Deny(string Message) : PermissionDecision;
}
